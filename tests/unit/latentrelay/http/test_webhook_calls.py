"""What is sent about webhooks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from latentrelay.contracts import NewWebhookEndpoint, WebhookEndpointChange
from latentrelay.errors import LatentRelayError, NotFound
from latentrelay.http import webhook_calls as calls
from latentrelay.http.answers import Answer

WANTED = NewWebhookEndpoint(url="https://example.com/hooks")


def test_what_is_unset_stays_unsaid_and_null_is_said() -> None:
    assert json.loads(calls.create(WANTED).content or b"") == {"url": WANTED.url}
    told = calls.change("a", WebhookEndpointChange(description=None)).content
    assert json.loads(told or b"") == {"description": None}


def test_a_period_is_told_with_its_zone() -> None:
    local = datetime(2030, 12, 31, 12)  # as people write it
    for since in (local, local.astimezone(), datetime.min.replace(tzinfo=UTC)):
        (told,) = json.loads(calls.recover("a", since, None).content or b"").values()
        assert datetime.fromisoformat(told).timestamp() == pytest.approx(since.timestamp())
    period = json.loads(calls.recover("a", local, local + timedelta(days=1)).content or b"")
    assert set(period) == {"since", "until"}


@pytest.mark.parametrize("its_id", ["", "..", "a/test", "a?x", "a" * 65, "é", "a\n"])
def test_what_cannot_be_an_endpoint_or_a_message_is_not_asked_for(its_id: str) -> None:
    for call in (calls.get, calls.remove, calls.test, calls.message, calls.resend, calls.drop):
        with pytest.raises(NotFound):
            call(its_id)


def test_a_secret_and_the_url_it_belongs_to_are_shown_by_no_call() -> None:
    assert WANTED.url not in repr(calls.create(WANTED))


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"null"])
def test_an_answer_of_somebody_else_is_told_as_such(body: bytes) -> None:
    for call in (calls.get("a"), calls.create(WANTED), calls.listing(), calls.drop_all("a"), calls.attempts("a")):
        with pytest.raises(LatentRelayError, match="no gateway"):
            call.told(Answer(200, {}, body))
