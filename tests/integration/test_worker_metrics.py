"""What worker processes tell of their work, scraped while they do it, with a stage that draws nothing."""

import os
import signal
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from latentrelay import JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import Job, WorkerInfo, WorkerState
from tests.processes import START_SECONDS, Start, until

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def ask(mode: RefineMode = RefineMode.NONE, **wish: str) -> TextToImage:
    return TextToImage(prompt="a secret garden", metadata=wish, refine=Refine(mode=mode), num_images_per_prompt=2)


def finished(client: Client, job: Job) -> Job:
    return client.wait(job.id, timeout=START_SECONDS)


def ready(client: Client, stage: StageName = BASE) -> WorkerInfo:
    """The worker of `stage`, when it is ready."""

    def found() -> list[WorkerInfo]:
        return [one for one in client.workers() if (one.stage, one.state) == (stage, WorkerState.READY)]

    until(lambda: bool(found()), "it is ready")
    return found()[0]


def scraped(worker: WorkerInfo) -> Samples:
    assert worker.metrics_url
    with urllib.request.urlopen(worker.metrics_url, timeout=60) as answer:
        text = answer.read().decode()
    assert "secret" not in text
    families = text_string_to_metric_families(text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(worker: WorkerInfo, name: str, **labels: str) -> float:
    return scraped(worker)["latentrelay_" + name, frozenset(labels.items())]


def of_stage(worker: WorkerInfo, name: str, **labels: str) -> float:
    return value(worker, name, stage=worker.stage, **labels)


def test_what_a_relay_was_is_told_by_the_worker_of_each_stage(client: Client, start: Start) -> None:
    for stage in (BASE, REFINER):
        start(stage)
    base, refiner = ready(client), ready(client, REFINER)
    assert base.metrics_url != refiner.metrics_url
    job = finished(client, client.submit(ask(RefineMode.ENSEMBLE, steps="3")))
    assert job.status is JobStatus.SUCCEEDED
    until(lambda: of_stage(refiner, "worker_current_job_start_timestamp_seconds") == 0, "it holds nothing")
    for worker in (base, refiner):
        assert of_stage(worker, "attempts_total", reason="done") == 1
        assert of_stage(worker, "denoise_steps_total") == 2 * 3
        assert of_stage(worker, "stage_duration_seconds_count", phase="denoise") == 2
        assert of_stage(worker, "job_queue_seconds_count") == 1
        assert of_stage(worker, "worker_busy_seconds_total") > 0
        assert (of_stage(worker, "worker_ready"), of_stage(worker, "model_loaded")) == (1, 1)
        assert value(worker, "storage_operation_seconds_count", operation="put") == 2
        assert value(worker, "storage_errors_total", operation="put") == 0
    assert (of_stage(base, "images_total"), of_stage(refiner, "images_total")) == (0, 2)
    assert (value(base, "handoff_seconds_count"), value(refiner, "handoff_seconds_count")) == (0, 1)
    assert value(base, "job_duration_seconds_count", kind="text_to_image") == 0
    duration = value(refiner, "job_duration_seconds_sum", kind="text_to_image")
    assert job.completed_at
    assert duration == pytest.approx((job.completed_at - job.created_at).total_seconds(), rel=0.5)


def test_attempts_that_fail_are_counted_by_their_reason(client: Client, start: Start) -> None:
    start(BASE, LATENTRELAY_MAX_ATTEMPTS="2")
    worker = ready(client)
    for wish in ("InputUndecodable", "whatever"):
        assert finished(client, client.submit(ask(**{"raise": wish}))).status is JobStatus.FAILED
    until(lambda: of_stage(worker, "attempts_total", reason="internal") == 2, "both attempts are counted")
    assert of_stage(worker, "attempts_total", reason="input_undecodable") == 1
    assert of_stage(worker, "attempts_total", reason="done") == 0
    assert client.tally().dead_letters == 1


def test_a_job_is_told_while_it_runs_and_after_its_process_died_by_the_next_one(client: Client, start: Start) -> None:
    start(BASE)
    first = ready(client)
    job = client.submit(ask(steps="100000", step_seconds="0.02"))
    until(lambda: of_stage(first, "worker_current_job_start_timestamp_seconds") > 0, "it holds the job")
    started_at = client.get(job.id).started_at
    assert started_at
    assert of_stage(first, "worker_current_job_start_timestamp_seconds") == started_at.timestamp()
    steps, busy = (of_stage(first, name) for name in ("denoise_steps_total", "worker_busy_seconds_total"))
    until(lambda: of_stage(first, "denoise_steps_total") > steps, "steps are told")
    assert of_stage(first, "worker_busy_seconds_total") > busy
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: any(worker.id != first.id for worker in client.workers()), "another process is there")
    (second,) = (worker for worker in client.workers() if worker.id != first.id)
    until(lambda: of_stage(second, "attempts_total", reason="lost") == 1, "the attempt is found lost")
    until(lambda: of_stage(second, "worker_current_job_start_timestamp_seconds") > 0, "it holds the job")
    client.cancel(job.id)
    finished(client, job)
    until(lambda: of_stage(second, "attempts_total", reason="canceled") == 1, "its end is told")
