"""Webhook messages over HTTP: what became of each, and what may still be done about it."""

from datetime import datetime, timedelta

import httpx2
import pytest

from latentrelay.contracts import MessageStatus
from latentrelay.settings import Settings
from tests.gateway.telling import ENDPOINTS, MESSAGES, attempted, canceled, registered, telling


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return telling(settings)


@pytest.fixture
def endpoint_id(http: httpx2.Client) -> str:
    return str(registered(http)["id"])


def listed(http: httpx2.Client, **query: str) -> list[str]:
    return [one["id"] for one in http.get(MESSAGES, params=query).json()["data"]]


def test_an_event_of_a_job_becomes_a_message_to_each_endpoint_that_wants_it(
    http: httpx2.Client, settings: Settings, endpoint_id: str
) -> None:
    both = {endpoint_id, registered(http, events=["canceled"])["id"]}
    registered(http, events=["succeeded"])
    job_id = canceled(http, settings)
    told = http.get(MESSAGES).json()["data"]
    assert {one["endpoint_id"] for one in told} == both
    for one in told:
        assert (one["type"], one["job_id"], one["status"]) == ("job.canceled", job_id, "pending")
        assert http.get(f"{MESSAGES}/{one['id']}").json() == one
    assert {one["pending"] for one in http.get(ENDPOINTS).json()["data"]} == {0, 1}


def test_messages_are_found_by_their_job_their_endpoint_and_what_became_of_them(
    http: httpx2.Client, settings: Settings, endpoint_id: str
) -> None:
    jobs = [canceled(http, settings) for _ in range(2)]
    other = registered(http, events=["succeeded"])["id"]
    trial = http.post(f"{ENDPOINTS}/{other}/test").json()
    assert (trial["type"], trial["job_id"]) == ("webhook.test", None)
    found = {message_id for job_id in jobs for message_id in listed(http, job_id=job_id)}
    assert len(found) == 2
    assert {*listed(http, endpoint_id=endpoint_id)} == found
    assert listed(http, endpoint_id=other) == [trial["id"]]
    assert listed(http, endpoint_id=other, job_id=jobs[0]) == []
    attempted(settings, MessageStatus.DELIVERED)
    (delivered,) = listed(http, status="delivered")
    assert {*listed(http, status="pending")} == {*found, trial["id"]} - {delivered}


def test_pages_of_messages_follow_each_other_to_the_end(http: httpx2.Client, endpoint_id: str) -> None:
    made = {http.post(f"{ENDPOINTS}/{endpoint_id}/test").json()["id"] for _ in range(5)}
    found, cursor = [], ""
    while True:
        page = http.get(MESSAGES, params={"limit": "2"} | ({"cursor": cursor} if cursor else {})).json()
        found += page["data"]
        if not (cursor := page["next_cursor"]):
            break
    assert (len(found), {one["id"] for one in found}) == (5, made)
    created = [one["created_at"] for one in found]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=251", "status=lost", "job_id=a/b", "endpoint_id="])
def test_a_listing_that_cannot_be_is_told_of_what_is_wrong(http: httpx2.Client, query: str) -> None:
    answer = http.get(f"{MESSAGES}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{query.partition('=')[0]}")


def test_every_attempt_is_told_and_a_message_that_was_delivered_is_sent_again_if_wanted(
    http: httpx2.Client, settings: Settings, endpoint_id: str
) -> None:
    path = f"{MESSAGES}/{http.post(f'{ENDPOINTS}/{endpoint_id}/test').json()['id']}"
    assert http.get(f"{path}/attempts").json() == {"data": []}
    attempted(settings, MessageStatus.DELIVERED)
    (told,) = http.get(f"{path}/attempts").json()["data"]
    assert (told["number"], told["outcome"]) == (1, "delivered")
    again = http.post(f"{path}/resend")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    attempted(settings, MessageStatus.FAILED)
    assert [one["outcome"] for one in http.get(f"{path}/attempts").json()["data"]] == ["delivered", "timeout"]
    assert http.get(path).json()["status"] == "failed"


def test_a_message_that_is_dropped_stays_listed_and_is_dropped_once(http: httpx2.Client, endpoint_id: str) -> None:
    path = f"{MESSAGES}/{http.post(f'{ENDPOINTS}/{endpoint_id}/test').json()['id']}"
    dropped = http.delete(path)
    assert (dropped.status_code, dropped.json()["status"]) == (200, "dropped")
    assert http.get(path).json() == dropped.json()
    again = http.delete(path)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_what_waits_for_an_endpoint_that_is_disabled_is_sent_when_it_is_enabled_or_dropped(
    http: httpx2.Client, endpoint_id: str
) -> None:
    path = f"{ENDPOINTS}/{endpoint_id}"
    message_id = http.post(f"{path}/test").json()["id"]
    http.post(f"{path}/disable")
    assert http.post(f"{MESSAGES}/{message_id}/resend").status_code == 409
    assert http.post(f"{path}/drop").json() == {"dropped": 1}
    assert http.post(f"{path}/drop").json() == {"dropped": 0}
    assert http.get(f"{MESSAGES}/{message_id}").json()["status"] == "dropped"


def test_what_did_not_arrive_in_a_period_is_recovered(
    http: httpx2.Client, settings: Settings, endpoint_id: str
) -> None:
    path = f"{ENDPOINTS}/{endpoint_id}"
    delivered = http.post(f"{path}/test").json()["id"]
    attempted(settings, MessageStatus.DELIVERED)
    failed = http.post(f"{path}/test").json()["id"]
    attempted(settings, MessageStatus.FAILED)
    made = datetime.fromisoformat(http.get(f"{MESSAGES}/{failed}").json()["created_at"])
    before, after = ((made + timedelta(minutes=minutes)).isoformat() for minutes in (-5, 5))
    for nothing in ({"since": after}, {"since": "0001-01-01T00:00:00Z", "until": before}):
        assert http.post(f"{path}/recover", json=nothing).json() == {"recovered": 0}
    assert http.post(f"{path}/recover", json={"since": before, "until": after}).json() == {"recovered": 1}
    assert http.get(f"{MESSAGES}/{failed}").json()["status"] == "pending"
    assert http.get(f"{MESSAGES}/{delivered}").json()["status"] == "delivered"


def test_what_waits_for_an_endpoint_is_dropped_with_it(http: httpx2.Client, endpoint_id: str) -> None:
    path = f"{MESSAGES}/{http.post(f'{ENDPOINTS}/{endpoint_id}/test').json()['id']}"
    http.delete(f"{ENDPOINTS}/{endpoint_id}")
    assert http.get(path).json()["status"] == "dropped"
    assert http.post(f"{path}/resend").status_code == 404
