"""The Celery glue in real worker processes, with a stage that draws nothing."""

import base64
import json
import os
import signal
from pathlib import Path

import pytest

from latentrelay import JobStatus, Refine, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import Job, WorkerState
from latentrelay.errors import ErrorCode
from latentrelay.events import EventType
from latentrelay.jobs import connect, keys
from latentrelay.settings import Settings
from tests.processes import START_SECONDS, Start, WorkerProcesses, until

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER


def ask(**wish: str) -> TextToImage:
    return TextToImage(prompt="a secret garden", metadata=wish)


def finished(client: Client, job: Job) -> Job:
    return client.wait(job.id, timeout=START_SECONDS)


def test_a_relay_passes_two_workers_and_leaves_no_prompt_in_messages_or_logs(
    client: Client, start: Start, settings: Settings, processes: WorkerProcesses
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
    assert client.download(job.id).decode() == f"{job.id} sdxl_refiner 0 [<StageName.SDXL_BASE: 'sdxl_base'>]"
    assert EventType.PROGRESS in seen
    assert seen[-1] is EventType.SUCCEEDED
    assert "secret" not in processes.logs()
    until(lambda: connect(settings).hlen("unacked") == 0, "every message is acknowledged")


def test_the_base_goes_on_while_the_refiner_is_away_and_when_that_comes_it_is_woken_where_it_had_to_stop(
    client: Client, start: Start, settings: Settings
) -> None:
    connect(settings).set(keys.REAPER, "nobody")  # who else sends hints
    start(BASE, LATENTRELAY_MAX_WAITING_FOR_REFINER="3")
    jobs = [client.submit(ask()) for _ in range(5)]
    until(lambda: [client.get(job.id).stage for job in jobs].count(REFINER) == 3, "the base has done its part")
    assert sum(client.get(job.id).status is JobStatus.RUNNING for job in jobs) == 3
    until(lambda: connect(settings).llen(BASE) == 0, "its hints are used up")
    start(REFINER, LATENTRELAY_MAX_WAITING_FOR_REFINER="3")
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


def test_a_foreign_error_is_retried_then_told_without_its_words(
    client: Client, start: Start, processes: WorkerProcesses
) -> None:
    start(BASE, LATENTRELAY_MAX_ATTEMPTS="2")
    done = finished(client, client.submit(ask(**{"raise": "whatever"})))
    assert done.error is not None
    assert (done.status, done.attempt) == (JobStatus.FAILED, 2)
    assert done.error.detail.startswith("RuntimeError in sdxl_base")
    assert "prompt and all" not in processes.logs()
    assert client.dead_letters()[0].job_id == done.id


def test_a_store_that_refuses_the_worker_fails_the_job_instead_of_holding_it_for_ever(
    client: Client, start: Start
) -> None:
    start(BASE, LATENTRELAY_S3_SECRET_KEY="not this one", LATENTRELAY_MAX_ATTEMPTS="1")
    done = finished(client, client.submit(ask()))
    assert (done.status, done.error and done.error.code) == (JobStatus.FAILED, ErrorCode.STORAGE_UNAVAILABLE)


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
    client: Client, start: Start, settings: Settings, processes: WorkerProcesses, model: str
) -> None:
    client.submit(ask())
    assert start(BASE, ECHO_MODEL=model).wait(START_SECONDS) == 78
    assert connect(settings).llen(BASE) == 1
    assert "model unavailable" in processes.logs()


def test_a_worker_whose_store_has_no_address_exits_instead_of_waiting_for_ever(
    client: Client, start: Start, settings: Settings
) -> None:
    client.submit(ask())
    assert start(BASE, LATENTRELAY_S3_ENDPOINT="nonsense").wait(START_SECONDS) == 78
    assert connect(settings).llen(BASE) == 1


@pytest.mark.parametrize(
    ("variable", "value"), [("LATENTRELAY_DTYPE", "SECRET"), ("LATENTRELAY_ALLOWED_HOSTS", "SECRET"), ("", "")]
)
def test_a_worker_whose_settings_cannot_be_used_names_the_variable_and_exits(
    start: Start, processes: WorkerProcesses, variable: str, value: str
) -> None:
    nowhere = {"LATENTRELAY_S3_ENDPOINT": ""} if not variable else {variable: value}
    assert start(BASE, **nowhere).wait(START_SECONDS) == 78
    assert variable.lower().removeprefix("latentrelay_") in processes.logs().lower()
    assert "Traceback" not in processes.logs()
    assert "SECRET" not in processes.logs()


def test_a_worker_whose_process_dies_after_its_model_is_gone_exits_with_78(
    client: Client, start: Start, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    model.touch()
    worker = start(BASE, ECHO_MODEL=str(model))
    until(lambda: [info.state for info in client.workers()] == [WorkerState.READY], "it is ready")
    model.unlink()
    client.submit(ask(die="sdxl_base"))
    assert worker.wait(START_SECONDS) == 78


MALFORMED = {
    "not JSON": "no json at all",
    "a JSON string": '"text"',
    "nested too deep": "[" * 100_000,
    "no properties": "{}",
    "a foreign task": {"task": "other.task"},
    "a body that is not base64": {"body": "%%%"},
    "a body of another shape": {"body": "e30="},
    "a pickle": {"content-type": "application/x-python-serialize"},
    "a number too long to read": "1" * 5000,
    "a date that is none": '{"__type__": "datetime", "__value__": "no"}',
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
    assert all(letter.reason for letter in client.dead_letters())
    assert worker.poll() is None


def spoiled(good: dict[str, object], wrong: dict[str, object]) -> dict[str, object]:
    if "task" in wrong:
        return {**good, "headers": {**good["headers"], **wrong}}  # type: ignore[dict-item]  # JSON
    if "kwargs" in wrong:
        body = base64.b64encode(json.dumps([[], wrong["kwargs"], {}]).encode()).decode()
        return {**good, "body": body}
    return {**good, **wrong}


def test_a_hint_in_an_envelope_that_would_end_a_stock_worker_is_worked_on(
    client: Client, start: Start, settings: Settings
) -> None:
    redis = connect(settings)
    job = client.submit(TextToImage(prompt="x", refine=Refine(mode="none")))
    good = json.loads(redis.lpop(BASE))
    for header in ({"timelimit": "x"}, {"stamped_headers": 5}, {"retries": "many"}):
        redis.lpush(BASE, json.dumps({**good, "headers": {**good["headers"], **header}}))
    redis.lpush(BASE, json.dumps({**good, "properties": {**good["properties"], "body_encoding": "zzz"}}))
    worker = start(BASE)
    assert finished(client, job).status is JobStatus.SUCCEEDED
    until(lambda: redis.llen(BASE) == 0, "all are read")
    assert worker.poll() is None


def test_a_worker_whose_process_is_killed_while_it_loads_ends_so_that_it_can_be_started_again(
    client: Client, start: Start
) -> None:
    worker = start(BASE, ECHO_SETUP_SECONDS="60")
    until(lambda: [info.state for info in client.workers()] == [WorkerState.LOADING], "it loads")
    os.kill(client.workers()[0].pid, signal.SIGKILL)
    assert worker.wait(START_SECONDS) == 1


def test_a_job_that_cannot_be_settled_is_tried_again_and_holds_nobody_up(client: Client, start: Start) -> None:
    start(BASE, LATENTRELAY_MAX_ATTEMPTS="2")
    bad = client.submit(ask(**{"raise": "InvalidRequest"}))
    good = client.submit(TextToImage(prompt="x", refine=Refine(mode="none")))
    assert finished(client, good).status is JobStatus.SUCCEEDED
    assert finished(client, bad).status is JobStatus.FAILED


def test_workers_tell_their_state_and_leave(client: Client, start: Start) -> None:
    worker = start(BASE)
    until(lambda: [info.state for info in client.workers()] == [WorkerState.READY], "it is ready")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(START_SECONDS) == 0
    until(lambda: client.workers() == (), "it has left")
