"""Is it well? Rate, errors and duration of jobs, the queue of each stage, and the door in front."""

from infra.grafana.panels import Dashboard, Panel
from infra.grafana.promql import quantile, rate

BY_STAGE = "{{stage}}"

NOW = (
    Panel(
        "Jobs a minute",
        "How many end, however.",
        "none",
        {"": "sum(latentrelay:jobs_finished:rate5m) * 60"},
        4,
        is_number=True,
    ),
    Panel(
        "Broken",
        "Jobs that failed by no fault of those who asked, of all that ended in 15 min.",
        "percentunit",
        {"": "latentrelay:jobs_broken:ratio_rate15m or vector(0)"},
        4,
        is_number=True,
    ),
    Panel(
        "Wait",
        "How long jobs wait for their first stage (p95, 5 min).",
        "s",
        {"": quantile(0.95, "latentrelay_job_queue_seconds")},
        4,
        is_number=True,
    ),
    Panel(
        "Handoff",
        "From the base's end to the refiner's start (p95, 5 min).",
        "s",
        {"": "latentrelay:handoff_seconds:p95_rate5m"},
        4,
        is_number=True,
    ),
    Panel(
        "Workers ready",
        "With their model loaded.",
        "none",
        {BY_STAGE: "latentrelay:queue_consumers:max"},
        8,
        is_number=True,
    ),
)

JOBS = (
    Panel(
        "Submitted",
        "By what became of the submission: accepted, or the code of the refusal.",
        "reqps",
        {"{{kind}} {{result}}": rate("latentrelay_jobs_submitted_total", "kind", "result") + " > 0"},
    ),
    Panel(
        "Ended",
        "By status and, where they failed, the code.",
        "ops",
        {"{{status}} {{error_code}}": "sum by (status, error_code) (latentrelay:jobs_finished:rate5m)"},
    ),
    Panel(
        "Duration",
        "From submission to end.",
        "s",
        {
            "{{kind}} p50": "latentrelay:job_duration_seconds:p50_rate5m",
            "{{kind}} p95": "latentrelay:job_duration_seconds:p95_rate5m",
        },
    ),
)

QUEUES = (
    Panel("Waiting", "Jobs that wait for each stage.", "none", {BY_STAGE: "latentrelay:queue_depth:max"}, 6),
    Panel(
        "Oldest",
        "How long the one has waited that has waited longest.",
        "s",
        {BY_STAGE: "latentrelay:queue_oldest_age_seconds:max"},
        6,
    ),
    Panel(
        "Work",
        "Seconds that one worker would need for all of it: what autoscalers read.",
        "s",
        {BY_STAGE: "latentrelay:queue_work_seconds:max"},
        6,
    ),
    Panel("Under way", "Jobs that workers hold.", "none", {BY_STAGE: "latentrelay:queue_in_flight:max"}, 6),
)

STAGES = (
    Panel(
        "Phases",
        "Where a stage spends its time: seconds of each phase a second.",
        "percentunit",
        {"{{stage}} {{phase}}": rate("latentrelay_stage_duration_seconds_sum", "stage", "phase")},
        12,
    ),
    Panel(
        "Denoising",
        "How long one job denoises (p95).",
        "s",
        {BY_STAGE: quantile(0.95, "latentrelay_stage_duration_seconds", "stage", where='{phase="denoise"}')},
        6,
    ),
    Panel("Images", "Drawn by each stage.", "ops", {BY_STAGE: rate("latentrelay_images_total", "stage")}, 6),
)

DOOR = (
    Panel(
        "Requests",
        "By status.",
        "reqps",
        {"{{status}}": rate("latentrelay_http_requests_total", "status")},
        12,
    ),
    Panel(
        "First byte",
        "From the request to the first byte of its answer (p95), by route.",
        "s",
        {"{{route}}": quantile(0.95, "latentrelay_http_response_start_seconds", "route")},
        12,
    ),
)

OVERVIEW = Dashboard(
    "latentrelay-overview",
    "Latent Relay: overview",
    "Rate, errors and duration of jobs, and the queue of each stage.",
    {"Now": NOW, "Jobs": JOBS, "Queues": QUEUES, "Stages": STAGES, "The door": DOOR},
)
