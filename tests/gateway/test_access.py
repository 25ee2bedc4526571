"""Who is let in, to what, and how often: keys, scopes, quotas, tenants, and the door that is open without keys."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import JobStatus, Quotas, Scope, StageName
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from tests.gateway.serving import served
from tests.processes import Start

ASK = {"kind": "text_to_image", "prompt": "a lighthouse", "width": 512, "height": 512, "refine": {"mode": "none"}}
BOTH = (Scope.SUBMIT, Scope.READ)

Enter = Callable[..., httpx2.Client]


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    keys = Keys.of(settings)
    yield keys
    keys.close()


@pytest.fixture
def enter(url: str, keys: Keys) -> Iterator[Enter]:
    """Makes a key, and a client that brings it."""
    with ExitStack() as opened:

        def entered(tenant: str, *scopes: Scope, **quotas: int) -> httpx2.Client:
            _, text = keys.create(tenant, scopes=scopes or BOTH, tenant=tenant, quotas=Quotas(**quotas))
            return opened.enter_context(asking(url, text))

        yield entered


def asking(url: str, text: str) -> httpx2.Client:
    """A client that brings the key `text`."""
    return httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {text}"}, timeout=30)


def left(answer: httpx2.Response) -> int:
    """How many requests the answer says are left."""
    policy, state = answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]
    name, remaining, reset = state.split(";")
    assert policy.split(";")[0] == name == '"requests"'
    assert policy.endswith(";w=60")
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


def test_a_stream_that_is_open_ends_when_its_key_is_revoked(url: str, keys: Keys, client: Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    key, text = keys.create("x", scopes=BOTH)
    with asking(url, text) as http:
        job = http.post("/v1/jobs", json=ASK | {"metadata": {"steps": "300", "step_seconds": "0.2"}}).json()
        with http.stream("GET", f"{job['href']}/events") as stream:
            lines = stream.iter_lines()
            while next(lines) != "event: job.progress":
                pass
            keys.revoke(key.id)
            for _ in lines:
                pass
    assert client.get(job["id"]).status is JobStatus.RUNNING
    client.cancel(job["id"])


def test_every_answer_to_a_good_key_tells_what_is_left_of_the_minute(enter: Enter) -> None:
    http = enter("ada", Scope.READ, per_minute=5)
    asked = (("GET", "/v1/jobs"), ("GET", "/v1/jobs/nobody"), ("GET", "/v1/jobs?limit=x"), ("POST", "/v1/jobs"))
    answers = [http.request(method, path) for method, path in asked]
    assert [answer.status_code for answer in answers] == [200, 404, 400, 403]
    assert [left(answer) for answer in answers] == [4, 3, 2, 1]
    assert answers[0].headers["RateLimit-Policy"] == '"requests";q=5;w=60'


def test_who_asks_too_often_is_told_when_to_come_back_and_holds_up_nobody_else(enter: Enter) -> None:
    ada, her_other, bob = enter("ada", per_minute=2), enter("ada"), enter("bob")
    for _ in range(2):
        assert ada.get("/v1/jobs").status_code == 200
    refused = ada.get("/v1/jobs")
    assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (429, "rate_limited", True)
    assert left(refused) == 0
    assert refused.headers["RateLimit"].endswith(f";t={refused.headers['Retry-After']}")
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


def test_another_keys_job_is_not_there_in_any_way_and_admin_sees_it(enter: Enter, client: Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    job = ada.post("/v1/jobs", json=ASK).json()
    assert client.wait(job["id"], timeout=60).status is JobStatus.SUCCEEDED
    looks = (job["href"], f"{job['href']}/events", f"{job['href']}/images/0", f"{job['href']}/images/0?download=inline")
    for path in looks:
        for who in (ada, rules):
            assert who.get(path).status_code in (200, 302), path
        assert_not_there(bob, "GET", path, job["id"])
    for method, path in (
        ("POST", f"{job['href']}/cancel"),
        ("GET", f"{job['href']}/preview"),
        ("DELETE", job["href"]),
    ):
        assert_not_there(bob, method, path, job["id"])
    assert bob.get("/v1/jobs").json()["data"] == []
    assert [listed["id"] for listed in rules.get("/v1/jobs").json()["data"]] == [job["id"]]
    assert rules.delete(job["href"]).status_code == 204
    assert ada.get(job["href"]).status_code == 404


def assert_not_there(who: httpx2.Client, method: str, path: str, job_id: str) -> None:
    """What is another's reads like what never was."""
    hidden, absent = (who.request(method, found) for found in (path, path.replace(job_id, "0" * 32)))
    assert hidden.status_code == absent.status_code == 404, path
    assert hidden.json()["detail"].replace(job_id, "") == absent.json()["detail"].replace("0" * 32, "")


def test_another_keys_job_and_upload_cannot_be_read_by_a_job_and_admin_may(enter: Enter) -> None:
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    upload = ada.post("/v1/uploads", content=b"pixels", headers={"Content-Type": "image/png"}).json()["upload_id"]
    ask = {"kind": "variation", "image": {"upload_id": upload}}
    assert bob.post("/v1/jobs", json=ask).json()["code"] == "not_found"
    made = ada.post("/v1/jobs", json=ask).json()
    again = {"kind": "variation", "image": {"job": {"job_id": made["id"]}}}
    assert bob.post("/v1/jobs", json=again).json()["code"] == "not_found"
    assert rules.post("/v1/jobs", json=ask).status_code == 202


def test_an_admin_key_submits_as_its_own_tenant_and_within_its_quotas(enter: Enter) -> None:
    rules, beside, ada = enter("ops", Scope.ADMIN, in_flight=1), enter("ops"), enter("ada")
    job = rules.post("/v1/jobs", json=ASK).json()
    assert rules.post("/v1/jobs", json=ASK).status_code == 429
    assert beside.get(job["href"]).status_code == 200
    assert ada.get(job["href"]).status_code == 404


def test_the_same_idempotency_key_of_two_tenants_stands_for_two_jobs(enter: Enter) -> None:
    ids = [
        enter(tenant).post("/v1/jobs", json=ASK, headers={"Idempotency-Key": "k"}).json()["id"]
        for tenant in ("ada", "ada", "bob")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_on_this_machine_the_door_is_open_until_a_key_was_ever_made(url: str, keys: Keys) -> None:
    assert httpx2.get(f"{url}/v1/jobs").status_code == 200
    with asking(url, "anything") as http:  # clients that cannot go without a key bring any
        assert http.post("/v1/jobs", json=ASK).status_code == 202
    key, _ = keys.create("x", scopes=BOTH)
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401
    keys.revoke(key.id)
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401


def test_the_door_stays_closed_when_redis_forgets_the_keys(url: str, keys: Keys, settings: Settings) -> None:
    keys.create("x", scopes=BOTH)
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401
    with connect(settings) as redis:
        redis.flushall()
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401


@pytest.mark.usefixtures("store")
def test_a_gateway_that_others_can_reach_is_never_open(settings: Settings) -> None:
    with served(settings, may_be_open=False) as url:
        assert httpx2.get(f"{url}/v1/jobs").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost:8000@evil.example"},
        {"Host": "[::1].evil.example"},
        {"Host": ""},
        {"Host": "localhost:8000", "Origin": "http://evil.example"},
        {"Host": "localhost:8000", "Origin": "http://localhost:3000"},
        {"Host": "localhost:8000", "Origin": "null"},
        {"Host": "localhost:8000", "Origin": "file://localhost:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
    ],
)
def test_without_keys_foreign_pages_and_proxies_are_refused(url: str, keys: Keys, headers: dict[str, str]) -> None:
    for method in ("GET", "POST"):
        refused = httpx2.request(method, f"{url}/v1/jobs", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    _, text = keys.create("x", scopes=BOTH)  # who brings a key comes from wherever
    with asking(url, text) as http:
        assert http.get("/v1/jobs", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost"},
        {"Host": "LOCALHOST:8000"},
        {"Host": "127.0.0.1:1"},
        {"Host": "[::1]:8000"},
        {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_without_keys_this_machine_and_its_own_pages_are_let_in(url: str, headers: dict[str, str]) -> None:
    assert httpx2.get(f"{url}/v1/jobs", headers=headers).status_code == 200


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
