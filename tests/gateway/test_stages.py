"""Stages, the whole at one moment, and dead letters, over HTTP."""

import httpx2
import pytest

from latentrelay import StageName
from latentrelay.client import Client
from latentrelay.contracts import Problem, Scope, WorkerInfo, WorkerState
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Answer, Claims, Workers, bury_message, connect
from latentrelay.settings import Settings
from tests.gateway.asking import ASK, Enter

RELAY = {"kind": "text_to_image", "prompt": "a lighthouse"}
BROKE = Problem(code=ErrorCode.INTERNAL, detail="broke", retryable=True)


def test_a_stage_is_paused_drained_and_opened_again(http: httpx2.Client) -> None:
    assert http.get("/v1/stages/sdxl_base").json()["state"] == "open"
    for verb, state in (("pause", "paused"), ("drain", "draining"), ("resume", "open")):
        told = http.post(f"/v1/stages/sdxl_base/{verb}").json()
        assert (told["stage"], told["state"], bool(told["state_since"])) == ("sdxl_base", state, True)
        shown, listed, seen = (http.get(f"/v1/{path}").json() for path in ("stages/sdxl_base", "stages", "overview"))
        assert [one["state"] for one in (shown, listed["data"][0], seen["stages"][0])] == [state] * 3


def test_what_would_pass_a_stage_that_is_drained_is_told_to_come_back_later(http: httpx2.Client) -> None:
    http.post("/v1/stages/sdxl_refiner/drain")
    refused = http.post("/v1/jobs", json=RELAY)
    assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (503, "queue_full", True)
    assert int(refused.headers["Retry-After"]) > 60
    assert http.post("/v1/jobs", json=ASK).status_code == 202
    assert http.post("/v1/images/generations", json={"prompt": "a lighthouse"}).status_code == 503


def test_a_paused_stage_is_noted_and_makes_no_gateway_unready(http: httpx2.Client) -> None:
    before = http.get("/readyz")
    http.post("/v1/stages/sdxl_base/pause")
    told = http.get("/readyz")
    assert told.json()["notes"] == ["sdxl_base is paused."]
    assert (told.status_code, told.json()["lacks"]) == (before.status_code, before.json()["lacks"])


def test_only_an_admin_changes_stages_and_looks_into_dead_letters(enter: Enter) -> None:
    reader, rules = enter("ada"), enter("ops", Scope.ADMIN)
    for method, path in (
        ("POST", "/v1/stages/sdxl_base/pause"),
        ("POST", "/v1/stages/sdxl_base/drain"),
        ("POST", "/v1/stages/sdxl_base/resume"),
        ("GET", "/v1/dead-letters"),
        ("GET", "/v1/dead-letters/1-1"),
        ("POST", "/v1/dead-letters/1-1/requeue"),
        ("DELETE", "/v1/dead-letters/1-1"),
    ):
        assert reader.request(method, path).status_code == 403, path
        assert rules.request(method, path).status_code in (200, 404), path
    for path in ("stages", "stages/sdxl_base", "overview", "webhook-backlog"):
        assert reader.get(f"/v1/{path}").status_code == 200, path


@pytest.mark.parametrize("stage", ["sdxl", "SDXL_BASE"])
def test_a_stage_that_there_is_not_is_a_problem_that_says_so(http: httpx2.Client, stage: str) -> None:
    for answer in (http.get(f"/v1/stages/{stage}"), http.post(f"/v1/stages/{stage}/pause")):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/stage")


def test_dead_letters_are_listed_queued_again_and_dropped(
    enter: Enter, settings: Settings, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    claims = Claims(connect(settings), lease_seconds=30, max_attempts=1)
    ada, rules = enter("ada"), enter("ops", Scope.ADMIN)
    failed = ada.post("/v1/jobs", json=ASK).json()
    claim = claims.claim(StageName.SDXL_BASE, "w")
    assert claim is not None
    assert claims.retry(claim, 0, BROKE) is Answer.FAILED
    bury_message(connect(settings), "sdxl_base", "it is not JSON", "x")
    message, letter = rules.get("/v1/dead-letters").json()["data"]
    assert (letter["job_id"], letter["problem"]["code"]) == (failed["id"], "internal")
    assert rules.get(f"/v1/dead-letters/{letter['id']}").json() == letter
    assert rules.get("/v1/overview").json()["dead_letters"] == 2
    requeued = rules.post(f"/v1/dead-letters/{letter['id']}/requeue")
    assert (requeued.status_code, requeued.headers["Location"]) == (202, requeued.json()["href"])
    assert ada.get(requeued.json()["href"]).json()["status"] == "queued", "it is the tenant's whose job failed"
    submitted = 'latentrelay_jobs_submitted_total{kind="text_to_image",result="accepted"} 2.0'
    assert submitted in rules.get("/metrics").text
    logged = [vars(line) for line in caplog.records if "requeue" in vars(line).get("path", "")]
    assert [line["job_id"] for line in logged] == [requeued.json()["id"]]
    assert rules.post(f"/v1/dead-letters/{letter['id']}/requeue").status_code == 404
    assert rules.post(f"/v1/dead-letters/{message['id']}/requeue").status_code == 409
    assert rules.delete(f"/v1/dead-letters/{message['id']}").status_code == 204
    assert client.dead_letters() == ()


def test_what_webhooks_still_have_to_tell_is_told(http: httpx2.Client) -> None:
    told = http.get("/v1/webhook-backlog").json()
    assert (told["outbox"], told["pending"], told["in_flight"]) == (0, 0, 0)
    assert http.get("/v1/overview").json()["webhooks"] == told


def test_who_may_not_see_a_job_is_told_what_its_worker_does_and_not_its_id(
    enter: Enter, settings: Settings, client: Client
) -> None:
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    job = ada.post("/v1/jobs", json=ASK).json()
    Workers(connect(settings)).tell(
        WorkerInfo(
            id="w", stage=StageName.SDXL_BASE, state=WorkerState.BUSY, host="here", pid=1, job_id=job["id"], step=3
        )
    )
    told = [who.get("/v1/workers").json()["data"][0] for who in (ada, rules, bob)]
    assert [one["job_id"] for one in told] == [job["id"], job["id"], None]
    assert [one["step"] for one in told] == [3, 3, 3]
    assert client.workers()[0].job_id == job["id"]


def test_jobs_are_listed_by_the_stage_that_they_are_in(http: httpx2.Client) -> None:
    job = http.post("/v1/jobs", json=ASK).json()
    ids = [[one["id"] for one in http.get(f"/v1/jobs?stage={name}").json()["data"]] for name in StageName]
    assert ids == [[job["id"]], [], []]
