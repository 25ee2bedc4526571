"""Traces and logs of real processes: one trace a job, from the request to the webhook, and nothing that is secret."""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Scope, StageName
from latentrelay.embedded.gateway_process import GatewayProcess, with_port
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.embedded.webhooks_process import WebhooksProcess
from latentrelay.jobs import Jobs, connect, keys
from latentrelay.storage import S3Store
from tests.acceptance.webhooks import SECRETIVE, on_this_machine, registered
from tests.collector import Came, Collector, collecting
from tests.conftest import connected
from tests.processes import ROOT, WorkerProcesses, until
from tests.receivers import Receiver, receiving

TOKEN = "token-that-nobody-may-hear-of"
STAGES = set(StageName)
SERVER = 2  # of SPAN_KIND in OTLP
CALLER = "b7ad6b7169203331"
ENDS = {"job.succeeded", "job.failed"}
WORDS = {"request", "start", "end"}
"""What is told of every job, by processes that know nothing of each other."""


@dataclass(frozen=True)
class Relay:
    """A gateway, a base, a refiner and a sender of webhooks, all of which tell traces."""

    http: httpx2.Client
    collector: Collector
    receiver: Receiver
    secrets: tuple[str, ...]
    logs: tuple[Path, ...]
    redis: Any

    def submit(self, traceparent: str | None = None, **metadata: str) -> str:
        """The id of a job for both stages."""
        headers = {} if traceparent is None else {"traceparent": traceparent}
        asked = {"kind": "text_to_image", "prompt": SECRETIVE, "metadata": metadata}
        answer = self.http.post("/v1/jobs", json=asked, headers=headers).raise_for_status()
        return str(answer.json()["id"])

    def ended(self, job_id: str) -> None:
        """Wait until a receiver was told of its end."""
        until(lambda: bool(ENDS & set(self.receiver.types(job_id))), "its end is told")

    def trace(self, job_id: str, *outcomes: str) -> list[Came]:
        """All that is told of a job that has ended so, stage by stage; processes tell in no order."""
        self.ended(job_id)
        last = WORDS | {*(outcomes or ("advanced", "succeeded"))}
        until(lambda: {last_word(span) for span in self.collector.of(job_id)} >= last, "every process told of it")
        return self.collector.of(job_id)

    @cached_property
    def failing(self) -> str:
        """The id of a job that fails in every attempt, by an error that quotes the prompt. That takes a while."""
        return self.submit(**{"raise": "RuntimeError"})

    def lines(self) -> list[dict[str, Any]]:
        """All that was logged: JSON, and nothing else."""
        return [json.loads(line) for path in self.logs for line in path.read_text().splitlines()]

    def said(self, message: str) -> list[dict[str, Any]]:
        """Every line of a message."""
        return [line for line in self.lines() if line["message"] == message]


@pytest.fixture(scope="module")
def relay(valkey: Valkey, seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    folder = tmp_path_factory.mktemp("traced")
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    with collecting() as collector, receiving() as receiver, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        changed = {"otlp_endpoint": collector.url, "gateway_port": 0}
        settings = on_this_machine(connected(valkey, seaweed)).model_copy(update=changed)
        S3Store.connect(settings).ensure_bucket()
        text = Keys.of(settings).create("shop", scopes=(Scope.SUBMIT, Scope.READ), tenant="default")[1]
        client = Client.connect(settings)
        endpoint = registered(client, f"{receiver.url}/?token={TOKEN}", events=["started", "succeeded", "failed"])
        gateway = GatewayProcess(with_port(settings, folder / "gateway"), folder / "gateway", ROOT)
        sender = WebhooksProcess(settings, folder / "webhooks", ROOT)
        workers = WorkerProcesses(settings, folder)
        for stage in (StageName.SDXL_BASE, StageName.SDXL_REFINER):
            workers.start("tests.echo.worker", stage, ECHO_STAGE=stage, LATENTRELAY_OTLP_ENDPOINT=collector.url)
        gateway.start()
        sender.start()
        logs = (gateway.child.log, sender.child.log, folder / "worker-0.log", folder / "worker-1.log")
        with httpx2.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {text}"}, timeout=60) as http:
            secrets = (SECRETIVE, TOKEN, text, endpoint.secret, "k" * 32, settings.s3_secret_key.get_secret_value())
            relay = Relay(http, collector, receiver, secrets, logs, connect(settings))
            assert relay.failing  # by the time somebody asks for it, it has failed
            yield relay
        client.close()
        workers.kill()
        sender.stop()
        gateway.stop()


def last_word(span: Came) -> str | None:
    """What a process tells last: the outcome of a stage, or one of `WORDS`."""
    if span.name in STAGES:
        return str(span.told["latentrelay.outcome"])
    words = {"job.started": "start"} | dict.fromkeys(ENDS, "end")
    return "request" if span.kind == SERVER else words.get(str(span.told.get("latentrelay.event")))


def whole(spans: list[Came], outside: str = "") -> None:
    """Whether it is one trace, every span below one that came too; only the first is below `outside`."""
    assert len({span.trace_id for span in spans}) == 1
    ids = {span.span_id for span in spans}
    assert [span.name for span in spans if span.parent_id not in ids] == ["POST /v1/jobs"]
    assert next(span for span in spans if span.name == "POST /v1/jobs").parent_id == outside
    assert all(span.began <= span.ended for span in spans)


def below(spans: list[Came], parent: Came) -> set[str]:
    return {span.name for span in spans if span.parent_id == parent.span_id}


def named(spans: list[Came], name: str) -> Came:
    (found,) = [span for span in spans if span.name == name]
    return found


def test_a_job_is_one_trace_from_its_callers_span_to_its_webhook(relay: Relay) -> None:
    trace_id = uuid.uuid4().hex
    job_id = relay.submit(f"00-{trace_id}-{CALLER}-01")
    spans = relay.trace(job_id)
    whole(spans, CALLER)
    assert {span.trace_id for span in spans} == {trace_id}
    assert {span.service for span in spans} == {
        f"latentrelay.{who}" for who in ("gateway", "sdxl_base", "sdxl_refiner", "webhooks")
    }
    request, submission = named(spans, "POST /v1/jobs"), named(spans, "submit")
    assert below(spans, request) == {"submit"}
    assert below(spans, submission) == {"queued", "sdxl_base", "handoff", "sdxl_refiner", "webhook"}
    for stage in (named(spans, "sdxl_base"), named(spans, "sdxl_refiner")):
        assert below(spans, stage) == {"denoise", "settle"}
        assert stage.told["latentrelay.attempt"] == 1
    assert named(spans, "sdxl_refiner").told["latentrelay.outcome"] == "succeeded"
    assert named(spans, "queued").ended <= named(spans, "sdxl_base").began
    told = request.told
    assert (told["http.route"], told["http.response.status_code"]) == ("/v1/jobs", 202)
    assert {span.told["latentrelay.job_id"] for span in (request, submission)} == {job_id}
    assert not any(span.failed for span in spans)


def test_a_worker_that_is_killed_leaves_no_orphans_and_the_next_attempt_is_of_the_same_trace(relay: Relay) -> None:
    spans = relay.trace(relay.submit(die="sdxl_base", die_at="told"))
    whole(spans)
    submission = named(spans, "submit")
    bases = [span for span in spans if span.name == "sdxl_base"]
    assert [span.told["latentrelay.attempt"] for span in bases] == [2]
    assert {span.parent_id for span in spans if span.name in STAGES} == {submission.span_id}


def test_an_attempt_that_fails_tells_its_code_and_its_retries_stand_beside_it(relay: Relay) -> None:
    spans = relay.trace(relay.failing, "failed")
    whole(spans)
    bases = [span for span in spans if span.name == "sdxl_base"]
    assert [span.told["latentrelay.attempt"] for span in bases] == [1, 2, 3]
    assert {(span.failed, span.told["error.type"]) for span in bases} == {(True, "internal")}
    assert {span.parent_id for span in bases} == {named(spans, "submit").span_id}


def test_a_caller_that_samples_its_trace_out_is_heeded_by_every_process(relay: Relay) -> None:
    trace_id = uuid.uuid4().hex
    relay.ended(relay.submit(f"00-{trace_id}-{CALLER}-00"))
    relay.trace(relay.submit())  # by then whatever came before has come
    assert not [span for span in relay.collector.spans if span.trace_id == trace_id]


@pytest.mark.parametrize("brought", ["", "00-0-0-01", f"00-{'0' * 32}-{CALLER}-01", f"00-{'A' * 32}-{CALLER}-01"])
def test_a_traceparent_that_is_none_is_as_good_as_absent(relay: Relay, brought: str) -> None:
    whole(relay.trace(relay.submit(brought)))


def test_a_collector_that_hangs_or_refuses_holds_up_nothing(relay: Relay) -> None:
    relay.collector.open.clear()
    relay.ended(relay.submit())
    relay.collector.status = 400
    relay.collector.open.set()
    relay.ended(relay.submit())
    relay.collector.status = 200
    whole(relay.trace(relay.submit()))


def test_messages_tell_the_trace_that_the_record_tells(relay: Relay) -> None:
    trace_id = uuid.uuid4().hex
    job_id = relay.submit(f"00-{trace_id}-{CALLER}-01")
    assert relay.redis.hget(keys.job(job_id), "traceparent").split("-")[1] == trace_id
    assert "traceparent" not in Jobs(relay.redis).get(job_id).model_dump_json()
    relay.ended(job_id)


def test_logs_name_the_job_and_its_trace_in_every_process(relay: Relay) -> None:
    trace_id = uuid.uuid4().hex
    job_id = relay.submit(f"00-{trace_id}-{CALLER}-01", die="sdxl_refiner")
    relay.trace(job_id)
    about = [line for line in relay.lines() if line.get("job_id") == job_id and line["message"] != "attempt lost"]
    said = Counter((line["logger"].split(".")[1], line["message"]) for line in about)
    assert said["gateway", "request"] == 1
    assert said["worker", "stage started"] == 3
    assert said["worker", "stage ended"] == 2
    assert {line.get("trace_id") for line in about} == {trace_id}
    assert all({"stage", "attempt"} <= line.keys() for line in about if line["logger"].startswith("latentrelay.worker"))
    assert all("request_id" in line for line in about if line["logger"].startswith("services.gateway"))


def test_nothing_that_is_secret_is_in_any_log_or_trace(relay: Relay) -> None:
    relay.trace(relay.failing, "failed")
    relay.receiver.answer = lambda _: None
    relay.submit()
    refused = relay.http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": SECRETIVE, "steps": SECRETIVE})
    assert refused.status_code == 400
    relay.http.get(f"/v1/jobs/{TOKEN}")
    until(lambda: bool(relay.said("not delivered")), "that nobody hears it is logged")
    assert {"message_id", "job_id", "attempt", "trace_id", "outcome"} <= relay.said("not delivered")[0].keys()
    everything = b"".join([*relay.collector.raw, *(path.read_bytes() for path in relay.logs)])
    assert b"attempt broke" in everything
    for secret in relay.secrets:
        assert secret.encode() not in everything
    assert b"what the model said" not in everything
