"""Who is let in, to what, and how often: keys, scopes and quotas."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import JobStatus, Quotas, Scope, StageName
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.asking import ASK, BOTH, Enter, asking, entering
from tests.gateway.serving import served
from tests.processes import Start, until


def left(answer: httpx2.Response) -> int:
    """How many requests the answer says are left."""
    policy, state = answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]
    name, remaining, reset = state.split(", ")[0].split(";")
    assert policy.split(";")[0] == name == '"requests"'
    assert policy.split(", ")[0].endswith(";w=60")
    assert 0 <= int(reset.removeprefix("t=")) <= 60
    return int(remaining.removeprefix("r="))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer nobody",
        f"Bearer lr_{'0' * 16}_{'0' * 64}",
        "Basic bHI6bHI=",
        f"Bearer lr_{'é' * 16}_{'0' * 64}",
        "Bearer " + "x" * 8000,
    ],
)
def test_once_a_key_was_made_nobody_is_let_in_without_a_good_one(url: str, keys: Keys, header: str | None) -> None:
    keys.create("x", scopes=BOTH)
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("GET", "/v1/jobs/nobody")):
        answer = httpx2.request(method, f"{url}{path}", headers=headers)  # type: ignore[arg-type]  # bytes are taken
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "unauthorized"
        assert "RateLimit" not in answer.headers


def test_a_key_may_do_what_its_scopes_say(enter: Enter) -> None:
    reads, submits, rules = enter("ada", Scope.READ), enter("ada", Scope.SUBMIT), enter("ada", Scope.ADMIN)
    refused = reads.post("/v1/jobs", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "submit" in refused.json()["detail"]
    job = submits.post("/v1/jobs", json=ASK).json()
    assert submits.get(job["href"]).status_code == 403
    assert reads.get(job["href"]).status_code == 200
    assert reads.post(f"{job['href']}/cancel").status_code == 403
    assert reads.delete(job["href"]).status_code == 403
    assert rules.post(f"{job['href']}/cancel").status_code == 200
    assert rules.get(job["href"]).status_code == 200


def test_a_revoked_key_is_refused_at_once(url: str, keys: Keys) -> None:
    key, text = keys.create("x", scopes=BOTH)
    with asking(url, text) as http:
        assert http.get("/v1/jobs").status_code == 200
        keys.revoke(key.id)
        assert http.get("/v1/jobs").status_code == 401


def revoked_while_it_reads(http: httpx2.Client, href: str, line: str, revoke: Callable[[], object]) -> None:
    """Follow the events of a job, revoke the key at `line`, and read on to the end of the stream."""
    with http.stream("GET", f"{href}/events") as stream:
        lines = stream.iter_lines()
        while next(lines) != line:
            pass
        revoke()
        for _ in lines:
            pass


def test_a_stream_that_is_open_ends_when_its_key_is_revoked(url: str, keys: Keys, client: Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    key, text = keys.create("x", scopes=BOTH)
    with asking(url, text) as http:
        job = http.post("/v1/jobs", json=ASK | {"metadata": {"steps": "300", "step_seconds": "0.2"}}).json()
        revoked_while_it_reads(http, job["href"], "event: job.progress", lambda: keys.revoke(key.id))
    assert client.get(job["id"]).status is JobStatus.RUNNING
    client.cancel(job["id"])


def test_a_stream_in_which_nothing_happens_ends_when_its_key_is_revoked(
    settings: Settings,
    store: S3Store,  # noqa: ARG001  # the bucket must be there
    keys: Keys,
) -> None:
    key, text = keys.create("x", scopes=BOTH)
    with served(settings.model_copy(update={"ping_seconds": 0.1})) as url, asking(url, text) as http:
        job = http.post("/v1/jobs", json=ASK).json()
        revoked_while_it_reads(http, job["href"], ": ping", lambda: keys.revoke(key.id))


def test_who_waits_for_a_job_learns_nothing_once_its_key_is_revoked(url: str, keys: Keys, client: Client) -> None:
    key, text = keys.create("x", scopes=BOTH)
    with asking(url, text) as http, ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(http.post, "/v1/jobs", json=ASK, headers={"Prefer": "wait=60"})
        until(lambda: len(client.list().jobs) == 1, "the job is made")
        keys.revoke(key.id)
        client.cancel(client.list().jobs[0].id)
        assert waiting.result().status_code == 401


def test_every_answer_to_a_good_key_tells_what_is_left_of_the_minute(enter: Enter) -> None:
    http = enter("ada", Scope.READ, per_minute=5)
    asked = (("GET", "/v1/jobs"), ("GET", "/v1/jobs/nobody"), ("GET", "/v1/jobs?limit=x"), ("POST", "/v1/jobs"))
    answers = [http.request(method, path) for method, path in asked]
    assert [answer.status_code for answer in answers] == [200, 404, 400, 403]
    assert [left(answer) for answer in answers] == [4, 3, 2, 1]
    assert answers[0].headers["RateLimit-Policy"] == '"requests";q=5;w=60, "in-flight";q=100'


def test_every_answer_to_a_good_key_tells_how_many_jobs_may_still_fly(enter: Enter, client: Client) -> None:
    http, her_other = enter("ada", in_flight=2), enter("ada", in_flight=50)

    def fly() -> str:
        return str(http.get("/v1/jobs").headers["RateLimit"].split(", ")[1])

    assert fly() == '"in-flight";r=2'
    jobs = [her_other.post("/v1/jobs", json=ASK).json() for _ in range(3)]
    assert fly() == '"in-flight";r=0'
    for job in jobs:
        client.cancel(job["id"])
    assert fly() == '"in-flight";r=2'


def test_what_the_stack_allows_any_tenant_is_told_where_a_quota_is_more(
    settings: Settings,
    store: S3Store,  # noqa: ARG001  # the bucket must be there
    keys: Keys,
) -> None:
    with served(settings.model_copy(update={"max_live_jobs_per_tenant": 1})) as url, entering(url, keys) as enter:
        http = enter("ada", in_flight=50)
        assert http.post("/v1/jobs", json=ASK).status_code == 202
        assert http.get("/v1/jobs").headers["RateLimit"].endswith(', "in-flight";r=0')
        assert http.post("/v1/jobs", json=ASK).status_code == 429


def test_who_asks_too_often_is_told_when_to_come_back_and_holds_up_nobody_else(enter: Enter) -> None:
    ada, her_other, bob = enter("ada", per_minute=2), enter("ada"), enter("bob")
    for _ in range(2):
        assert ada.get("/v1/jobs").status_code == 200
    refused = ada.get("/v1/jobs")
    assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (429, "rate_limited", True)
    assert left(refused) == 0
    assert refused.headers["RateLimit"].split(", ")[0].endswith(f";t={refused.headers['Retry-After']}")
    assert her_other.get("/v1/jobs").status_code == 200
    assert left(bob.get("/v1/jobs")) == Quotas().per_minute - 1


def test_a_tenant_has_so_many_jobs_in_flight_and_no_more(enter: Enter) -> None:
    ada, bob = enter("ada", in_flight=1), enter("bob")
    job = ada.post("/v1/jobs", json=ASK).json()
    refused = ada.post("/v1/jobs", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    assert left(refused) > 0
    assert bob.post("/v1/jobs", json=ASK).status_code == 202
    ada.post(f"{job['href']}/cancel")
    assert ada.post("/v1/jobs", json=ASK).status_code == 202


def test_a_tenant_has_so_many_pixels_a_day_and_no_more(enter: Enter) -> None:
    ada = enter("ada", pixels_per_day=3 * 512 * 512)
    assert ada.post("/v1/jobs", json=ASK | {"num_images_per_prompt": 2}).status_code == 202
    refused = ada.post("/v1/jobs", json=ASK | {"num_images_per_prompt": 2})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert ada.post("/v1/jobs", json=ASK).status_code == 202
    never = ada.post("/v1/jobs", json=ASK | {"num_images_per_prompt": 4})
    assert (never.status_code, never.json()["code"], never.json()["retryable"]) == (403, "forbidden", False)


def test_no_key_is_logged(url: str, keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key, text = keys.create("x", scopes=BOTH, quotas=Quotas(per_minute=3))
    wrong = f"{text[:-1]}{'0' if text[-1] != '0' else '1'}"
    with asking(url, text) as good, asking(url, wrong) as bad:
        for path in ("/v1/jobs", "/v1/jobs/nobody", "/v1/jobs?limit=x", "/v1/jobs"):
            good.get(path)
            bad.get(path)
        told = good.get("/v1/jobs").text + bad.get("/v1/jobs").text
    for log in (caplog.text, told, repr([record.__dict__ for record in caplog.records])):
        assert f"{key.id}_" not in log  # what follows in its text is the secret
        assert text.rpartition("_")[2][:16] not in log
