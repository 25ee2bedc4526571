"""Jobs over HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from latentrelay.client import Client
from latentrelay.contracts import Job, StageName
from latentrelay.settings import Settings
from services.gateway.app import create_app
from services.gateway.document import document
from services.gateway.gateway import Gateway
from tests.processes import Start

ASK = {"kind": "text_to_image", "prompt": "a lighthouse", "refine": {"mode": "none"}}
HELD = ASK | {"metadata": {"steps": "50", "step_seconds": "0.1"}}


def submitted(http: httpx2.Client, **headers: str) -> httpx2.Response:
    return http.post("/v1/jobs", json=ASK, headers=headers)


def test_a_job_is_submitted_shown_listed_and_canceled(http: httpx2.Client, client: Client) -> None:
    made = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": "a lighthouse"})
    assert made.status_code == 202
    job = made.json()
    assert made.headers["Location"] == job["href"] == f"/v1/jobs/{job['id']}"
    assert http.get(job["href"]).json()["status"] == "queued"
    assert [listed["id"] for listed in http.get("/v1/jobs").json()["data"]] == [job["id"]]
    assert http.post(f"{job['href']}/cancel").json()["status"] == "canceled"
    assert http.delete(job["href"]).status_code == 204
    assert http.get(job["href"]).status_code == 404
    assert client.list().jobs == ()


def test_a_job_reads_over_http_as_it_does_from_redis(http: httpx2.Client, client: Client) -> None:
    told = submitted(http).json()
    assert Job.model_validate(told) == client.get(told["id"])
    assert told["images"][0]["href"] == f"{told['href']}/images/0"
    assert 0 <= told["request"]["seed"] < 2**53


def test_the_same_key_and_request_again_answer_with_the_same_job_and_say_so(http: httpx2.Client) -> None:
    first, second = submitted(http, **{"Idempotency-Key": "k"}), submitted(http, **{"Idempotency-Key": "k"})
    assert first.json()["id"] == second.json()["id"]
    assert (first.headers.get("Idempotent-Replayed"), second.headers.get("Idempotent-Replayed")) == (None, "true")
    in_body = http.post("/v1/jobs", json=ASK | {"idempotency_key": "k"})
    assert in_body.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_for_another_request_or_two_keys_at_once_are_refused(http: httpx2.Client) -> None:
    submitted(http, **{"Idempotency-Key": "k"})
    other = http.post("/v1/jobs", json=ASK | {"seed": 7}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    both = http.post("/v1/jobs", json=ASK | {"idempotency_key": "j"}, headers={"Idempotency-Key": "k"})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/idempotency_key")


def test_a_job_that_is_waited_for_is_answered_when_it_has_ended(http: httpx2.Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    answer = submitted(http, Prefer="respond-async, wait=30")
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.headers["Preference-Applied"] == "wait=30"
    shown = http.get(answer.json()["href"], headers={"Prefer": 'wait="0"'})
    assert (shown.json()["status"], shown.headers["Preference-Applied"]) == ("succeeded", "wait=0")


def test_a_job_that_takes_longer_is_answered_as_it_stands_and_goes_on(http: httpx2.Client) -> None:
    answer = submitted(http, Prefer="wait=1")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert http.get(answer.json()["href"], headers={"Prefer": "wait=1"}).json()["status"] == "queued"


def test_a_preference_that_nobody_can_read_is_ignored_and_one_without_bounds_is_bounded(http: httpx2.Client) -> None:
    for prefer in ("wait", "wait=", "wait=-1", "wait=soon", "await=5", "wait=99999999999", ""):
        assert "Preference-Applied" not in submitted(http, Prefer=prefer).headers
    job = submitted(http).json()
    http.post(f"{job['href']}/cancel")
    shown = http.get(job["href"], headers={"Prefer": "wait=999999"})
    assert shown.headers["Preference-Applied"] == "wait=60"


def test_a_cancellation_wakes_who_waits(http: httpx2.Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    job = http.post("/v1/jobs", json=HELD).json()
    http.post(f"{job['href']}/cancel")
    assert http.get(job["href"], headers={"Prefer": "wait=60"}).json()["status"] == "canceled"
    assert http.post(f"{job['href']}/cancel").json()["status"] == "canceled"


def test_a_job_that_has_not_ended_cannot_be_deleted(http: httpx2.Client) -> None:
    job = submitted(http).json()
    answer = http.delete(job["href"])
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_pages_follow_each_other_to_the_end(http: httpx2.Client) -> None:
    made = [submitted(http).json()["id"] for _ in range(5)]
    http.post(f"/v1/jobs/{made[2]}/cancel")
    found, cursor = [], None
    while True:
        page = http.get("/v1/jobs", params={"limit": 2, "status": "queued"} | ({"cursor": cursor} if cursor else {}))
        found += [job["id"] for job in page.json()["data"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert found == [made[4], made[3], made[1], made[0]]
    assert http.get("/v1/jobs", params={"kind": "variation"}).json() == {"data": [], "next_cursor": None}


def test_a_cursor_that_was_never_given_is_a_problem(http: httpx2.Client) -> None:
    for cursor in ("x", "", "1", "9" * 400 + ".a", "1.é", "1.a/b", "1.a\n", "nan.a", "1.%"):
        assert http.get("/v1/jobs", params={"cursor": cursor}).status_code == 400


def test_a_dry_run_makes_no_job_and_tells_what_one_would_cost(http: httpx2.Client, client: Client) -> None:
    answer = http.post("/v1/jobs?dry_run=true", json=ASK | {"width": 512, "height": 512})
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["pixels"]) == (200, True, 512 * 512)
    assert [stage["stage"] for stage in told["stages"]] == ["sdxl_base"]
    assert client.list().jobs == ()
    wrong = http.post("/v1/jobs?dry_run=true", json=ASK | {"width": 513})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/width")


def test_a_number_is_what_it_is_worth_and_not_how_it_is_written(http: httpx2.Client) -> None:
    body = '{"kind": "text_to_image", "prompt": "x", "seed": 7.0, "guidance_scale": 5, "width": 64e1}'
    asked = http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"}).json()["request"]
    assert (asked["seed"], asked["guidance_scale"], asked["width"]) == (7, 5.0, 640)


def test_a_deadline_is_a_time_and_no_number_of_seconds(http: httpx2.Client) -> None:
    for deadline in (4_000_000_000, "4000000000", 4e9, "2100-01-01", "2100-01-01T00:00:00", True):
        answer = http.post("/v1/jobs", json=ASK | {"deadline": deadline})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/deadline")
    assert http.post("/v1/jobs", json=ASK | {"deadline": "2100-01-01T00:00:00+01:00"}).status_code == 202


def test_a_path_without_its_route_is_no_redirect(http: httpx2.Client) -> None:
    for path in ("/v1/jobs/", "/v1", "/v1/jobs/a/b/c"):
        answer = http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


METHODS = {"/v1/jobs": "GET, POST", "/v1/jobs/a": "DELETE, GET", "/v1/jobs/a/cancel": "POST", "/v1/uploads": "POST"}
METHODS |= {"/v1/webhook-messages/a": "DELETE, GET", "/v1/webhook-endpoints": "GET, POST"}


@pytest.mark.parametrize(("path", "allowed"), METHODS.items())
def test_a_method_that_is_not_allowed_names_all_that_are(http: httpx2.Client, path: str, allowed: str) -> None:
    for method in ("PATCH", "TRACE", "HEAD"):
        answer = http.request(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.fixture
def described(settings: Settings) -> Iterator[dict[str, Any]]:
    """What the document says."""
    yield document(create_app(Gateway.connect(settings, may_be_open=True)))


def reads_as(told: Any, name: str, described: dict[str, Any]) -> None:
    """Hold JSON against a schema of the document."""
    components = {"components": described["components"], "$ref": f"#/components/schemas/{name}"}
    jsonschema_rs.validator_for(components, validate_formats=True).validate(told)


def test_what_is_answered_is_what_the_document_says(
    http: httpx2.Client, described: dict[str, Any], start: Start
) -> None:
    reads_as(submitted(http).json(), "JobView", described)
    start(StageName.SDXL_BASE)
    reads_as(submitted(http, Prefer="wait=30").json(), "JobView", described)
    reads_as(http.get("/v1/jobs").json(), "JobPageView", described)
    reads_as(http.get("/v1/jobs/nobody").json(), "HttpProblem", described)
    reads_as(http.post("/v1/jobs?dry_run=true", json=ASK).json(), "Estimate", described)


def test_what_may_be_asked_is_what_the_document_says(described: dict[str, Any]) -> None:
    image = {"upload_id": "a"}
    for good in (
        ASK,
        HELD,
        {"kind": "variation", "image": image},
        {"kind": "refinement", "image": image, "prompt": "x"},
    ):
        reads_as(good, "JobRequest", described)
    for bad in ({"prompt": "x"}, ASK | {"cfg": 7}, ASK | {"width": 65}, {"kind": "variation"}):
        with pytest.raises(jsonschema_rs.ValidationError):
            reads_as(bad, "JobRequest", described)
