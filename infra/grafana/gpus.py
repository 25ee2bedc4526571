"""Are the GPUs worth their price? Utilisation, saturation and errors of the workers of each stage."""

from infra.grafana.panels import Dashboard, Panel
from infra.grafana.promql import age, quantile, rate, share

WORKER = "{{stage}} {{instance}}"
BY_STAGE = "{{stage}}"

UTILISATION = (
    Panel(
        "Busy",
        "The share of their time that workers are at a job, by stage.",
        "percentunit",
        {BY_STAGE: "latentrelay:worker_busy:ratio_rate5m"},
    ),
    Panel(
        "Busy, each",
        "The same, by worker: the idle one among busy ones has a reason.",
        "percentunit",
        {WORKER: "rate(latentrelay_worker_busy_seconds_total[5m])"},
    ),
    Panel(
        "Steps", "Denoising steps a second, by worker.", "ops", {WORKER: "rate(latentrelay_denoise_steps_total[5m])"}
    ),
)

SATURATION = (
    Panel(
        "Work for each worker",
        "Seconds of waiting work, shared by the workers that are ready: when it would be through.",
        "s",
        {BY_STAGE: share("latentrelay:queue_work_seconds:max", "latentrelay:queue_consumers:max")},
    ),
    Panel(
        "Images at once",
        "Drawn in one go, in the mean.",
        "none",
        {BY_STAGE: share(rate("latentrelay_batch_size_sum", "stage"), rate("latentrelay_batch_size_count", "stage"))},
    ),
    Panel(
        "At one job",
        "Since when each worker is at its job.",
        "s",
        {WORKER: age("latentrelay_worker_current_job_start_timestamp_seconds")},
    ),
)

MEMORY = (
    Panel("Allocated", "Memory of the device in use.", "bytes", {WORKER: "latentrelay_gpu_memory_allocated_bytes"}),
    Panel("Reserved", "Memory that is kept from others.", "bytes", {WORKER: "latentrelay_gpu_memory_reserved_bytes"}),
    Panel("Peak", "The most that was ever needed.", "bytes", {WORKER: "latentrelay_gpu_memory_peak_bytes"}),
)

ERRORS = (
    Panel(
        "Out of memory",
        "In the last hour.",
        "none",
        {BY_STAGE: "sum by (stage) (increase(latentrelay_gpu_oom_total[1h]))"},
        6,
    ),
    Panel(
        "Attempts",
        "By why they ended.",
        "ops",
        {"{{stage}} {{reason}}": rate("latentrelay_attempts_total", "stage", "reason") + " > 0"},
        6,
    ),
    Panel(
        "Dead letters",
        "Jobs that used up their attempts and messages that nobody could read, in the last hour.",
        "none",
        {"{{what}}": "max by (what) (increase(latentrelay_dead_letters_total[1h]))"},
        6,
    ),
    Panel(
        "Models",
        "Loaded, by worker; how long the last load took.",
        "none",
        {WORKER: "latentrelay_model_loaded", WORKER + " s": "latentrelay_model_load_seconds"},
        6,
    ),
)

STORE = (
    Panel(
        "Operations",
        "Of the object store (p95), by operation.",
        "s",
        {"{{operation}}": quantile(0.95, "latentrelay_storage_operation_seconds", "operation")},
        12,
    ),
    Panel(
        "Failures",
        "Of the object store; a worker waits and tries again.",
        "ops",
        {"{{operation}}": rate("latentrelay_storage_errors_total", "operation")},
        12,
    ),
)

GPUS = Dashboard(
    "latentrelay-gpus",
    "Latent Relay: GPUs",
    "Utilisation, saturation and errors of the workers of each stage.",
    {"Utilisation": UTILISATION, "Saturation": SATURATION, "Memory": MEMORY, "Errors": ERRORS, "The store": STORE},
)
