"""Webhook endpoints over HTTP, and jobs that name one."""

import logging
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import NewWebhookEndpoint, Scope, WebhookEndpoint
from latentrelay.settings import Settings
from services.gateway.app import create_app
from services.gateway.bounds.places import Places
from services.gateway.gateway import Gateway
from tests.gateway.asking import ASK, Enter, assert_not_there, entering
from tests.gateway.serving import served, serving
from tests.gateway.telling import ENDPOINTS, MESSAGES, RECEIVER, registered, telling

PERIOD = {"since": "2020-01-01T00:00:00Z"}
ELSEWHERE = "http://localhost:9/hooks"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return telling(settings)


def test_an_endpoint_is_registered_shown_changed_disabled_enabled_and_forgotten(
    http: httpx2.Client, client: Client
) -> None:
    made = http.post(ENDPOINTS, json={"url": RECEIVER, "events": ["job.failed"], "description": "shop"})
    told = made.json()
    path = f"{ENDPOINTS}/{told['id']}"
    assert (made.status_code, made.headers["Location"]) == (201, path)
    assert (told["events"], told["description"], told["status"]) == (["failed"], "shop", "enabled")
    assert http.get(path).json() == client.webhooks.get(told["id"]).model_dump(mode="json")
    assert [one["id"] for one in http.get(ENDPOINTS).json()["data"]] == [told["id"]]
    changed = http.patch(path, json={"url": ELSEWHERE, "events": ["started"], "max_per_second": 5}).json()
    assert (changed["url"], changed["events"], changed["max_per_second"]) == (ELSEWHERE, ["started"], 5)
    disabled = http.post(f"{path}/disable").json()
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "by_hand")
    assert http.post(f"{path}/enable").json()["status"] == "enabled"
    assert http.delete(path).status_code == 204
    assert (http.get(path).status_code, http.get(ENDPOINTS).json()) == (404, {"data": []})


def test_null_clears_what_an_endpoint_need_not_have_and_what_is_absent_stays(http: httpx2.Client) -> None:
    made = registered(http, description="shop", max_per_second=5)
    path = f"{ENDPOINTS}/{made['id']}"
    cleared = http.patch(path, json={"description": None}).json()
    assert (cleared["description"], cleared["max_per_second"], cleared["url"]) == (None, 5, RECEIVER)
    assert http.patch(path, json={"max_per_second": None, "url": None}).json()["max_per_second"] is None
    assert http.patch(path, json={}).json() == http.get(path).json()


def test_endpoints_are_listed_newest_first(http: httpx2.Client) -> None:
    made = [registered(http)["id"] for _ in range(3)]
    assert {one["id"] for one in http.get(ENDPOINTS).json()["data"]} == {*made}
    created = [one["created_at"] for one in http.get(ENDPOINTS).json()["data"]]
    assert created == sorted(created, reverse=True)


def test_a_secret_is_told_once_when_it_is_made_and_never_again(
    http: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = registered(http, asymmetric=True)
    path = f"{ENDPOINTS}/{made['id']}"
    rotated = http.post(f"{path}/secret/rotate")
    secrets = {made["secret"], rotated.json()["secret"]}
    assert (len(secrets), {secret[:6] for secret in secrets}) == (2, {"whsec_"})
    assert rotated.json()["public_key"] != made["public_key"]
    message = http.post(f"{path}/test").json()
    answers = [
        *(http.get(looked) for looked in (path, ENDPOINTS, MESSAGES, f"{MESSAGES}/{message['id']}")),
        *(http.post(f"{path}/{done}") for done in ("enable", "disable", "drop")),
        http.patch(path, json={"description": "shop"}),
    ]
    assert {answer.status_code for answer in answers} == {200}
    told = "".join(answer.text for answer in answers) + caplog.text + repr([line.__dict__ for line in caplog.records])
    assert not [secret for secret in secrets if secret.removeprefix("whsec_") in told]
    assert {*WebhookEndpoint.model_fields} == {*http.get(path).json()}
    assert rotated.headers["Cache-Control"] == "no-store"


LOOKS = ("GET", ENDPOINTS, {}), ("GET", f"{ENDPOINTS}/ID", {}), ("GET", MESSAGES, {}), ("GET", f"{MESSAGES}/ID", {})
LOOKS += (("GET", f"{MESSAGES}/ID/attempts", {}),)
MOVES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", ENDPOINTS, {"json": {"url": RECEIVER}}),
    ("PATCH", f"{ENDPOINTS}/ID", {"json": {"description": "shop"}}),
    *(("POST", f"{ENDPOINTS}/ID/{move}", {}) for move in ("secret/rotate", "test", "disable", "enable", "drop")),
    ("POST", f"{ENDPOINTS}/ID/recover", {"json": PERIOD}),
    ("POST", f"{MESSAGES}/ID/resend", {}),
    ("DELETE", f"{MESSAGES}/ID", {}),
    ("DELETE", f"{ENDPOINTS}/ID", {}),
)
OF_ONE = [asked for asked in (*LOOKS, *MOVES) if "/ID" in asked[1]]


def test_who_may_read_looks_and_who_may_submit_does_the_rest(enter: Enter) -> None:
    reads, submits = enter("ada", Scope.READ), enter("ada", Scope.SUBMIT)
    for method, path, more in LOOKS:
        assert submits.request(method, path, **more).json()["code"] == "forbidden", path
        assert reads.request(method, path, **more).status_code in (200, 404), path
    for method, path, more in MOVES:
        assert reads.request(method, path, **more).json()["code"] == "forbidden", path
        assert submits.request(method, path, **more).status_code in (201, 404), path


def test_anothers_endpoint_and_its_messages_are_not_there_in_any_way_and_admin_sees_them(enter: Enter) -> None:
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    endpoint_id = registered(ada)["id"]
    message_id = ada.post(f"{ENDPOINTS}/{endpoint_id}/test").json()["id"]
    for method, template, more in OF_ONE:
        found = message_id if template.startswith(MESSAGES) else endpoint_id
        assert_not_there(bob, method, template.replace("ID", found), found, **more)
    assert bob.get(ENDPOINTS).json() == {"data": []}
    for query in ("", f"?endpoint_id={endpoint_id}"):
        assert bob.get(MESSAGES + query).json() == {"data": [], "next_cursor": None}
        assert [one["id"] for one in rules.get(MESSAGES + query).json()["data"]] == [message_id]
    assert [one["tenant"] for one in rules.get(ENDPOINTS).json()["data"]] == ["ada"]
    for method, template, more in OF_ONE:
        found = message_id if template.startswith(MESSAGES) else endpoint_id
        assert rules.request(method, template.replace("ID", found), **more).is_success, template


def test_an_admin_key_registers_as_its_own_tenant(enter: Enter) -> None:
    assert registered(enter("ops", Scope.ADMIN))["tenant"] == "ops"


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no URL": ({"events": ["failed"]}, "/url", "invalid_request"),
    "another scheme": ({"url": "ftp://example.com/"}, "/url", "invalid_request"),
    "a URL that is too long": ({"url": "https://example.com/" + "a" * 2048}, "/url", "invalid_request"),
    "a private address": ({"url": "https://10.0.0.1/"}, "/url", "unsafe_url"),
    "no TLS": ({"url": "http://93.184.216.34/"}, "/url", "unsafe_url"),
    "a port that is no web server's": ({"url": "https://93.184.216.34:6379/"}, "/url", "unsafe_url"),
    "a user and a password": ({"url": "https://ada:fnord-7316@93.184.216.34/"}, "/url", "unsafe_url"),
    "a host that nobody knows": ({"url": "https://nobody.invalid/"}, "/url", "invalid_request"),
    "no events": ({"url": RECEIVER, "events": []}, "/events", "invalid_request"),
    "an unknown event": ({"url": RECEIVER, "events": ["failed", "sold"]}, "/events/1", "invalid_request"),
    "a test that is no event of a job": ({"url": RECEIVER, "events": ["test"]}, "/events/0", "invalid_request"),
    "a text for events": ({"url": RECEIVER, "events": "failed"}, "/events", "invalid_request"),
    "an unknown field": ({"url": RECEIVER, "secret": "fnord-7316"}, "/secret", "invalid_request"),
    "what Python calls an object": ({"url": RECEIVER, "self": 1}, "/self", "invalid_request"),
    "no rate": ({"url": RECEIVER, "max_per_second": 0}, "/max_per_second", "invalid_request"),
    "an empty description": ({"url": RECEIVER, "description": ""}, "/description", "invalid_request"),
}


@pytest.mark.parametrize(("fields", "pointer", "code"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_registered_is_told_of_the_field_that_is_wrong(
    http: httpx2.Client, caplog: pytest.LogCaptureFixture, fields: dict[str, Any], pointer: str, code: str
) -> None:
    answer = http.post(ENDPOINTS, json=fields)
    told = answer.json()
    assert (told["code"], pointers(told)[0]) == (code, pointer)
    assert answer.status_code in (400, 422)
    assert "fnord-7316" not in answer.text + caplog.text
    assert http.get(ENDPOINTS).json() == {"data": []}


def test_a_change_is_held_against_the_same_and_then_changes_nothing(http: httpx2.Client) -> None:
    path = f"{ENDPOINTS}/{registered(http)['id']}"
    before = http.get(path).json()
    for fields, pointer, _ in list(BAD.values())[1:]:
        answer = http.patch(path, json={"description": "shop", **fields})
        assert pointers(answer.json())[0] == pointer
    assert http.get(path).json() == before


def test_a_period_is_made_of_times(http: httpx2.Client) -> None:
    path = f"{ENDPOINTS}/{registered(http)['id']}/recover"
    for body, pointer in (
        ({}, "/since"),
        ({"since": 0}, "/since"),
        (PERIOD | {"until": "soon"}, "/until"),
        (PERIOD | {"before": 1}, "/before"),
    ):
        answer = http.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def refused(http: httpx2.Client, **webhook: str) -> dict[str, Any]:
    """Why a job with such a webhook is refused, for which a dry run tells the same."""
    told: dict[str, Any] = http.post("/v1/jobs", json=ASK | {"webhook": webhook}).json()
    dry = http.post("/v1/jobs?dry_run=true", json=ASK | {"webhook": webhook}).json()["refusal"]
    assert (told["code"], told["errors"]) == (dry["code"], dry["errors"])
    return told


def pointers(told: dict[str, Any]) -> list[str]:
    return [one["pointer"] for one in told["errors"]]


def test_a_job_may_name_an_endpoint_of_its_own_tenant_and_no_other(enter: Enter) -> None:
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    endpoint_id = registered(ada)["id"]
    asked = ASK | {"webhook": {"endpoint_id": endpoint_id}}
    assert ada.post("/v1/jobs", json=asked).status_code == 202
    assert ada.post("/v1/jobs?dry_run=true", json=asked).json()["accepted"]
    for other in (bob, rules):
        assert pointers(refused(other, endpoint_id=endpoint_id)) == ["/webhook/endpoint_id"]


def test_a_job_may_name_a_url_under_an_origin_that_its_tenant_registered_and_no_other(enter: Enter) -> None:
    ada, bob = enter("ada"), enter("bob")
    assert pointers(refused(ada, url=RECEIVER)) == ["/webhook/url"]
    registered(ada)
    accepted = ada.post("/v1/jobs", json=ASK | {"webhook": {"url": "http://127.0.0.1:9/other?x=1"}})
    assert accepted.status_code == 202
    for url in (ELSEWHERE, "http://127.0.0.1/hooks", "https://127.0.0.1:9/hooks", "http://127.0.0.1:9@localhost/"):
        assert pointers(refused(ada, url=url)) == ["/webhook/url"]
    assert pointers(refused(bob, url=RECEIVER)) == ["/webhook/url"]


def test_where_any_url_will_do_it_is_held_against_the_guard_until_one_is_registered(
    settings: Settings, client: Client, keys: Keys
) -> None:
    lax = settings.model_copy(update={"webhook_any_url": True})
    with served(lax) as url, entering(url, keys) as enter:
        ada = enter("ada")
        assert ada.post("/v1/jobs", json=ASK | {"webhook": {"url": ELSEWHERE}}).status_code == 202
        told = refused(ada, url="https://10.0.0.1/")
        assert (told["code"], pointers(told)) == ("unsafe_url", ["/webhook/url"])
        registered(ada)
        assert pointers(refused(ada, url=ELSEWHERE)) == ["/webhook/url"]
    assert len(client.list().jobs) == 1


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("short")])
def test_without_a_key_that_seals_secrets_it_is_told_which_setting_is_missing(
    settings: Settings, client: Client, key: SecretStr | None
) -> None:
    endpoint_id = client.webhooks.create(NewWebhookEndpoint(url=RECEIVER)).id
    keyless = settings.model_copy(update={"webhook_key": key})
    with served(keyless) as url, httpx2.Client(base_url=url, timeout=30) as http:
        webhook = {"endpoint_id": endpoint_id}
        for path, body in (
            (ENDPOINTS, {"url": RECEIVER}),
            (f"{ENDPOINTS}/{endpoint_id}/secret/rotate", None),
            ("/v1/jobs", ASK | {"webhook": webhook}),
            ("/v1/images/generations", {"prompt": "x", "webhook": webhook}),
        ):
            answer = http.post(path, json=body)
            assert answer.status_code == 503, path
            assert "LATENTRELAY_WEBHOOK_KEY" in answer.text
            assert int(answer.headers["Retry-After"]) > 60, "no client waits for that by itself"
        dry = http.post("/v1/jobs?dry_run=true", json=ASK | {"webhook": webhook}).json()
        assert "LATENTRELAY_WEBHOOK_KEY" in dry["refusal"]["detail"]
        assert http.get(ENDPOINTS).status_code == 200
        assert http.post("/v1/jobs", json=ASK).status_code == 202


def test_what_waits_for_a_name_server_needs_a_place_and_nothing_else_does(settings: Settings, client: Client) -> None:
    path = f"{ENDPOINTS}/{client.webhooks.create(NewWebhookEndpoint(url=RECEIVER)).id}"
    app = create_app(Gateway.connect(settings.model_copy(update={"webhook_any_url": True}), may_be_open=True))
    with serving(app) as url, httpx2.Client(base_url=url, timeout=30) as http:
        app.state.bringing = Places(at_once=0, each=0, patience=0.01)  # as if all were held
        webhook = {"url": ELSEWHERE}
        for answer in (
            http.post(ENDPOINTS, json={"url": RECEIVER}),
            http.patch(path, json={"url": ELSEWHERE}),
            http.post("/v1/jobs", json=ASK | {"webhook": webhook}),
            http.post("/v1/images/generations", json={"prompt": "x", "webhook": webhook}),
        ):
            assert answer.status_code == 503
            assert "queue_full" in answer.text
        assert http.patch(path, json={"description": "shop"}).status_code == 200
        assert http.post("/v1/jobs", json=ASK).status_code == 202
