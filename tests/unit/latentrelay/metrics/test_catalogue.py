"""Every metric is named once, and a query that asks for one that is not there is found."""

import re
import subprocess
import sys

import pytest

from latentrelay.metrics import CATALOGUE, MetricType, known_series, unknown_series

PROMISED = frozenset(
    {
        "queue_depth",
        "queue_oldest_message_timestamp_seconds",
        "queue_in_flight",
        "queue_work_seconds",
        "jobs_submitted_total",
        "jobs_finished_total",
        "job_queue_seconds",
        "job_duration_seconds",
        "stage_duration_seconds",
        "handoff_seconds",
        "denoise_steps_total",
        "batch_size",
        "images_total",
        "attempts_total",
        "dead_letters_total",
        "model_load_seconds",
        "model_loaded",
        "gpu_oom_total",
        "gpu_memory_allocated_bytes",
        "gpu_memory_reserved_bytes",
        "gpu_memory_peak_bytes",
        "worker_ready",
        "worker_current_job_start_timestamp_seconds",
        "worker_busy_seconds_total",
        "storage_operation_seconds",
        "storage_errors_total",
        "webhook_attempts_total",
        "webhook_attempt_seconds",
        "webhook_pending",
        "webhook_oldest_due_timestamp_seconds",
        "build_info",
    }
)
PROMISED_LABELS = {
    "jobs_submitted_total": ("kind", "result"),
    "jobs_finished_total": ("kind", "status", "error_code"),
    "stage_duration_seconds": ("stage", "phase"),
    "attempts_total": ("stage", "reason"),
    "webhook_attempts_total": ("outcome",),
}


def test_every_metric_that_was_promised_is_there_under_its_name_and_labels() -> None:
    there = {metric.short_name: metric for metric in CATALOGUE}
    assert set(there) >= PROMISED
    assert {name: there[name].label_names for name in PROMISED_LABELS} == PROMISED_LABELS


def test_no_metric_is_named_twice_and_names_say_what_they_are() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert re.fullmatch(r"latentrelay_[a-z]+(_[a-z]+)*", metric.name)
        assert metric.name.endswith("_total") == (metric.type is MetricType.COUNTER)
        assert bool(metric.buckets) == (metric.type is MetricType.HISTOGRAM)
        assert metric.buckets == tuple(sorted(metric.buckets))
        assert metric.tellers
        assert all(label.values or label.meaning for label in metric.labels)


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("sum by (stage) (rate(latentrelay_stage_duration_seconds_bucket[5m]))", set()),
        ("latentrelay_stage_duration_seconds", {"latentrelay_stage_duration_seconds"}),
        ("latentrelay_denoise_steps / latentrelay_queue_depth", {"latentrelay_denoise_steps"}),
        ("stage:latentrelay_nothing:rate5m > 0 and up == 1", set()),
        ('latentrelay_queue_depth{job="latentrelay_gateway"}', set()),
        ("latentrelay_queue_depth # don't say latentrelay_nothing\n+ latentrelay_no", {"latentrelay_no"}),
        (r'x{a="\"latentrelay_quoted"} + latentrelay_no', {"latentrelay_no"}),
    ],
)
def test_a_query_that_asks_for_what_nobody_tells_is_found(query: str, unknown: set[str]) -> None:
    assert unknown_series(query) == unknown


def test_a_histogram_is_asked_for_by_its_parts() -> None:
    parts = {name for name in known_series() if name.startswith("latentrelay_batch_size")}
    assert parts == {f"latentrelay_batch_size_{part}" for part in ("bucket", "sum", "count")}


def test_the_catalogue_is_read_without_the_client_of_prometheus() -> None:
    code = "import sys, latentrelay, latentrelay.metrics; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
