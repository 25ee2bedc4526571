"""The Celery glue in real worker processes, with a stage that draws nothing."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from latentrelay import JobStatus, Refine, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import Job, WorkerState
from latentrelay.errors import ErrorCode
from latentrelay.events import EventType
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store

ROOT = Path(__file__).parents[2]
BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
START_SECONDS = 60

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    S3Store.connect(settings).ensure_bucket()
    client = Client.connect(settings)
    yield client
    client.close()


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts an echo worker of a stage; all are killed in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(stage: StageName, **environment: str) -> subprocess.Popen[bytes]:
        arguments = ["celery", "-A", "tests.echo.worker", "worker", "--without-gossip", "--without-mingle"]
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *arguments, "--hostname", f"{stage}-{len(started)}@%h"],
                cwd=ROOT,
                env={**os.environ, **address(settings), "ECHO_STAGE": stage, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(worker)
        return worker

    yield begin
    for worker in started:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def address(settings: Settings) -> dict[str, str]:
    assert settings.redis_url
    return {
        "LATENTRELAY_REDIS_URL": settings.redis_url.get_secret_value(),
        "LATENTRELAY_S3_ENDPOINT": str(settings.s3_endpoint),
        "LATENTRELAY_S3_ACCESS_KEY": settings.s3_access_key,
        "LATENTRELAY_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "LATENTRELAY_S3_BUCKET": settings.s3_bucket,
        "LATENTRELAY_LEASE_SECONDS": "2",
        "LATENTRELAY_REAP_SECONDS": "0.5",
    }


def ask(**wish: str) -> TextToImage:
    return TextToImage(prompt="a secret garden", metadata=wish)


def logs(tmp_path: Path) -> str:
    return "".join(path.read_text() for path in sorted(tmp_path.glob("worker-*.log")))


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def finished(client: Client, job: Job) -> Job:
    return client.wait(job.id, timeout=START_SECONDS)


def test_a_relay_passes_two_workers_and_leaves_no_prompt_in_messages_or_logs(
    client: Client, start: Start, settings: Settings, tmp_path: Path
) -> None:
    job = client.submit(ask())
    waiting = connect(settings).lrange(BASE, 0, -1)
    assert len(waiting) == 1
    assert "secret" not in waiting[0]
    start(BASE)
    start(REFINER)
    seen: list[EventType] = []
    done = client.wait(job.id, timeout=START_SECONDS, on_event=lambda event: seen.append(event.type))
    assert done.status is JobStatus.SUCCEEDED
    assert client.download(job.id).decode() == f"{job.id} sdxl_refiner [<StageName.SDXL_BASE: 'sdxl_base'>]"
    assert EventType.PROGRESS in seen
    assert seen[-1] is EventType.SUCCEEDED
    assert "secret" not in logs(tmp_path)
    until(lambda: connect(settings).hlen("unacked") == 0, "every message is acknowledged")


def test_the_base_goes_on_while_the_refiner_is_away(client: Client, start: Start) -> None:
    start(BASE)
    jobs = [client.submit(ask()) for _ in range(3)]
    until(lambda: all(client.get(job.id).stage is REFINER for job in jobs), "the base has done its part")
    assert {client.get(job.id).status for job in jobs} == {JobStatus.RUNNING}
    start(REFINER)
    assert {finished(client, job).status for job in jobs} == {JobStatus.SUCCEEDED}


def test_a_running_job_is_canceled_within_a_step(client: Client, start: Start) -> None:
    start(BASE)
    job = client.submit(ask(steps="1000", step_seconds="0.05"))
    until(lambda: client.get(job.id).progress is not None, "it runs")
    client.cancel(job.id)
    assert finished(client, job).status is JobStatus.CANCELED


def test_a_permanent_error_fails_the_job_with_its_code(client: Client, start: Start) -> None:
    start(BASE)
    done = finished(client, client.submit(ask(**{"raise": "InputUndecodable"})))
    assert (done.status, done.error and done.error.code) == (JobStatus.FAILED, ErrorCode.INPUT_UNDECODABLE)


def test_a_foreign_error_is_retried_then_told_without_its_words(client: Client, start: Start, tmp_path: Path) -> None:
    start(BASE, LATENTRELAY_MAX_ATTEMPTS="2")
    done = finished(client, client.submit(ask(**{"raise": "whatever"})))
    assert done.error is not None
    assert (done.status, done.attempt) == (JobStatus.FAILED, 2)
    assert done.error.detail.startswith("RuntimeError in sdxl_base")
    assert "prompt and all" not in logs(tmp_path)
    assert client.dead_letters()[0]["job_id"] == done.id


def test_a_job_whose_process_died_runs_again(client: Client, start: Start) -> None:
    start(BASE)
    job = client.submit(TextToImage(prompt="x", metadata={"die": "sdxl_base"}, refine=Refine(mode="none")))
    done = finished(client, job)
    assert (done.status, done.metrics.stages[0].attempt) == (JobStatus.SUCCEEDED, 2)


def test_a_job_whose_worker_was_killed_runs_on_another(client: Client, start: Start) -> None:
    first = start(BASE)
    request = TextToImage(prompt="x", metadata={"steps": "20", "step_seconds": "0.1"}, refine=Refine(mode="none"))
    job = client.submit(request)
    until(lambda: client.get(job.id).progress is not None, "it runs")
    os.killpg(first.pid, signal.SIGKILL)
    start(BASE)
    assert finished(client, job).status is JobStatus.SUCCEEDED


def test_a_job_whose_message_was_lost_runs_all_the_same(client: Client, start: Start, settings: Settings) -> None:
    job = client.submit(TextToImage(prompt="x", refine=Refine(mode="none")))
    connect(settings).delete(BASE)
    start(BASE)
    assert finished(client, job).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("model", ["missing", "broken"])
def test_a_worker_without_its_model_exits_with_78_and_takes_no_message(
    client: Client, start: Start, settings: Settings, tmp_path: Path, model: str
) -> None:
    client.submit(ask())
    assert start(BASE, ECHO_MODEL=model).wait(START_SECONDS) == 78
    assert connect(settings).llen(BASE) == 1
    assert "model unavailable" in logs(tmp_path)


MALFORMED = {
    "not JSON": "no json at all",
    "a JSON string": '"text"',
    "nested too deep": "[" * 100_000,
    "no properties": "{}",
    "a foreign task": {"task": "other.task"},
    "a body that is not base64": {"body": "%%%"},
    "a body of another shape": {"body": "e30="},
    "a pickle": {"content-type": "application/x-python-serialize"},
    "wrong fields": {"kwargs": {"job_id": "../etc", "attempt": 0}},
}


def test_messages_nobody_can_read_are_dead_lettered_and_the_worker_goes_on(
    client: Client, start: Start, settings: Settings
) -> None:
    redis = connect(settings)
    client.submit(ask())
    good = json.loads(redis.lpop(BASE))
    for wrong in MALFORMED.values():
        redis.lpush(BASE, wrong if isinstance(wrong, str) else json.dumps(spoiled(good, wrong)))
    worker = start(BASE)
    job = client.submit(TextToImage(prompt="x", refine=Refine(mode="none")))
    assert finished(client, job).status is JobStatus.SUCCEEDED
    until(lambda: len(client.dead_letters()) == len(MALFORMED), "each is dead-lettered")
    assert all(letter["reason"] for letter in client.dead_letters())
    assert worker.poll() is None


def spoiled(good: dict[str, object], wrong: dict[str, object]) -> dict[str, object]:
    if "task" in wrong:
        return {**good, "headers": {**good["headers"], **wrong}}  # type: ignore[dict-item]  # JSON
    if "kwargs" in wrong:
        body = base64.b64encode(json.dumps([[], wrong["kwargs"], {}]).encode()).decode()
        return {**good, "body": body}
    return {**good, **wrong}


def test_workers_tell_their_state_and_leave(client: Client, start: Start) -> None:
    worker = start(BASE)
    until(lambda: [info.state for info in client.workers()] == [WorkerState.READY], "it is ready")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    until(lambda: client.workers() == (), "it has left")
