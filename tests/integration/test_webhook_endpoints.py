"""Webhook endpoints and the care for their messages on a real Valkey."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from latentrelay.contracts import (
    MessageStatus,
    NewWebhookEndpoint,
    SpanName,
    WebhookEndpointChange,
)
from latentrelay.errors import Conflict, Forbidden, InvalidRequest, NotFound, StackUnavailable
from latentrelay.jobs import Jobs, keys
from latentrelay.settings import Settings
from latentrelay.timeline import timeline
from latentrelay.webhooks.deliveries import Verdict
from latentrelay.webhooks.sealing import Seal
from latentrelay.webhooks.secret_keys import signing_keys
from tests.integration.webhook_bench import DELIVERED, KEY, LATER, Bench, settle
from tests.processes import until


def test_what_was_delivered_can_be_sent_again_under_the_same_id(bench: Bench) -> None:
    bench.endpoint()
    (message_id,) = bench.messages()
    deliveries = bench.deliveries()
    (first,) = deliveries.take(1).deliveries
    with pytest.raises(Conflict, match="being sent"):
        bench.webhooks.resend(message_id)
    settle(deliveries, first, DELIVERED)
    bench.webhooks.resend(message_id)
    (second,) = deliveries.take(1).deliveries
    assert (second.webhook_id, second.tries, second.attempt) == (first.webhook_id, 0, 2)


def test_a_period_is_recovered_with_what_did_not_arrive_in_it(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries()
    failed, delivered, dropped = deliveries.take(3).deliveries
    settle(deliveries, failed, Verdict(MessageStatus.FAILED))
    settle(deliveries, delivered, DELIVERED)
    settle(deliveries, dropped, LATER)
    bench.webhooks.drop(dropped.message_id)
    an_hour = timedelta(hours=1)
    assert bench.webhooks.recover(endpoint.id, datetime.now(UTC) - 2 * an_hour, datetime.now(UTC) - an_hour) == 0
    assert bench.webhooks.recover(endpoint.id, datetime.now(UTC) - an_hour) == 1
    assert [delivery.message_id for delivery in deliveries.take(9).deliveries] == [failed.message_id]


def test_what_is_dropped_is_sent_no_more_but_counts_where_it_arrives_all_the_same(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries()
    (under_way,) = deliveries.take(1).deliveries
    bench.webhooks.drop(under_way.message_id)
    with pytest.raises(Conflict, match="not pending"):
        bench.webhooks.drop(under_way.message_id)
    assert bench.webhooks.drop_all(endpoint.id) == 2
    assert not deliveries.take(10).deliveries
    settle(deliveries, under_way, DELIVERED)
    statuses = Counter(message.status for message in bench.webhooks.messages().data)
    assert statuses == {MessageStatus.DELIVERED: 1, MessageStatus.DROPPED: 2}


def test_a_message_ends_however_it_ends_and_goes_on_when_it_is_sent_again(bench: Bench) -> None:
    bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries()
    delivered, failed = deliveries.take(2).deliveries
    settle(deliveries, delivered, DELIVERED)
    settle(deliveries, failed, Verdict(MessageStatus.FAILED))
    (waits,) = (one for one in bench.webhooks.messages().data if one.status is MessageStatus.PENDING)
    bench.webhooks.drop(waits.id)
    job = Jobs(bench.redis).get(str(waits.job_id))
    told = [span for span in timeline(job, (), bench.webhooks.messages().data).spans if span.name is SpanName.WEBHOOK]
    assert [span.ended_at is None for span in told] == [False, False, False]
    bench.webhooks.resend(failed.message_id)
    assert bench.webhooks.message(failed.message_id).ended_at is None


def test_an_endpoint_that_is_removed_leaves_nothing_that_is_sent(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries()
    (under_way,) = deliveries.take(1).deliveries
    bench.webhooks.remove(endpoint.id)
    settle(deliveries, under_way, LATER)
    bench.ended()
    assert not bench.relayed()
    assert not deliveries.take(10).deliveries
    assert {message.status for message in bench.webhooks.messages().data} == {MessageStatus.DROPPED}
    assert not [key for key in bench.redis.scan_iter() if ":due" in key or ":flight" in key or "subscribed" in key]
    with pytest.raises(NotFound):
        bench.webhooks.get(endpoint.id)


def test_messages_are_forgotten_in_their_time_with_all_that_points_at_them(settings: Settings) -> None:
    changed = {"webhook_key": KEY, "webhook_message_seconds": 0.5}
    bench = Bench.of(settings.model_copy(update=changed))
    endpoint = bench.endpoint()
    bench.webhooks.disable(endpoint.id)
    bench.messages(3)
    until(lambda: not [key for key in bench.redis.scan_iter() if "message" in key], "they are forgotten")
    bench.webhooks.enable(endpoint.id)
    assert not bench.deliveries().take(10).deliveries
    until(lambda: not bench.redis.exists(keys.due(endpoint.id)), "nothing waits")


def test_changed_events_and_urls_hold_from_then_on(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages()
    changed = WebhookEndpointChange(url="https://hooks.example/new", events=["failed"], description="new")  # type: ignore[arg-type]
    told = bench.webhooks.change(endpoint.id, changed)
    assert (told.url, told.events, told.description) == ("https://hooks.example/new", ("failed",), "new")
    assert not bench.messages()
    assert bench.deliveries().take(1).deliveries[0].url == "https://hooks.example/new"
    cleared = bench.webhooks.change(endpoint.id, WebhookEndpointChange(description=None))
    assert (cleared.description, cleared.events) == (None, ("failed",))


def test_the_secret_is_sealed_and_told_once(bench: Bench) -> None:
    endpoint = bench.endpoint(asymmetric=True)
    kept = str(bench.redis.hgetall(keys.endpoint(endpoint.id)))
    assert endpoint.secret.removeprefix("whsec_") not in kept
    assert "whsk_" not in kept
    assert "secret" not in bench.webhooks.get(endpoint.id).model_dump()
    assert endpoint.secret not in repr(endpoint)


def test_secrets_that_are_rotated_at_once_all_sign(bench: Bench) -> None:
    endpoint = bench.endpoint()
    given: list[str] = []
    threads = [
        threading.Thread(target=lambda: given.append(bench.webhooks.rotate(endpoint.id).secret)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = bench.redis.hget(keys.endpoint(endpoint.id), "secrets")
    seal = Seal.of(bench.settings)
    signing = signing_keys(told, seal, endpoint=endpoint.id, tenant="default", now_ms=int(time.time() * 1000))
    assert {*given, endpoint.secret} == {*signing}


def test_a_test_of_an_endpoint_that_was_removed_is_told_as_such(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.webhooks.remove(endpoint.id)
    with pytest.raises(NotFound):
        bench.outbox.post_trial(endpoint, datetime.now(UTC))


def test_without_a_key_no_endpoint_is_registered(settings: Settings) -> None:
    with pytest.raises(StackUnavailable, match="LATENTRELAY_WEBHOOK_KEY"):
        Bench.of(settings).endpoint()


def test_whoever_sees_one_tenant_registers_for_no_other(bench: Bench) -> None:
    mine, wanted = bench.webhooks.confined_to("mine"), NewWebhookEndpoint(url="https://hooks.example/in")
    with pytest.raises(Forbidden):
        mine.create(wanted, tenant="other")
    assert bench.webhooks.list() == ()
    assert mine.create(wanted).tenant == "mine"


def test_a_tenant_that_is_none_is_refused_before_anything_is_written(bench: Bench) -> None:
    with pytest.raises(InvalidRequest, match="tenant"):
        bench.endpoint(tenant="a b")
    assert bench.webhooks.list() == ()


def test_a_tenant_has_a_hundred_endpoints_and_no_more(bench: Bench) -> None:
    for number in range(100):
        bench.endpoint(url=f"https://hooks.example/{number}")
    with pytest.raises(Conflict, match="at most 100"):
        bench.endpoint()
    bench.endpoint(tenant="other")


def test_a_tenant_sees_its_own_and_nobody_elses(bench: Bench) -> None:
    theirs = bench.endpoint(tenant="other")
    (message_id,) = bench.messages(1, "other")
    mine = bench.webhooks.confined_to("mine")
    assert not mine.list()
    assert not mine.messages().data
    assert not mine.messages(endpoint_id=theirs.id).data
    for act in (mine.get, mine.rotate, mine.test, mine.enable, mine.disable, mine.remove, mine.drop_all):
        with pytest.raises(NotFound):
            act(theirs.id)
    for look in (mine.message, mine.attempts, mine.resend, mine.drop):
        with pytest.raises(NotFound):
            look(message_id)
    with pytest.raises(NotFound):
        mine.recover(theirs.id, datetime.now(UTC))
    with pytest.raises(NotFound):
        mine.change(theirs.id, WebhookEndpointChange(description="mine"))


def test_messages_are_listed_by_endpoint_job_and_status_a_page_at_a_time(bench: Bench) -> None:
    endpoint, other = bench.endpoint(), bench.endpoint()
    job_ids = [bench.ended() for _ in range(5)]
    bench.relayed()
    assert len(bench.webhooks.messages(job_id=job_ids[0]).data) == 2
    assert {message.endpoint_id for message in bench.webhooks.messages(endpoint_id=other.id).data} == {other.id}
    assert not bench.webhooks.messages(status=MessageStatus.FAILED).data
    first = bench.webhooks.messages(endpoint_id=endpoint.id, limit=3)
    rest = bench.webhooks.messages(endpoint_id=endpoint.id, limit=3, cursor=first.next_cursor)
    assert sorted(str(message.job_id) for message in (*first.data, *rest.data)) == sorted(job_ids)
    assert rest.next_cursor is None


def test_the_backlog_tells_what_waits_and_since_when(bench: Bench) -> None:
    endpoint = bench.endpoint()
    for _ in range(3):
        bench.ended()
    assert bench.webhooks.backlog().outbox == 3
    bench.relayed()
    (delivery,) = bench.deliveries().take(1).deliveries
    told = bench.webhooks.backlog()
    assert (told.outbox, told.pending, told.in_flight) == (0, 2, 1)
    assert told.oldest_due_at is not None
    settle(bench.deliveries(), delivery, Verdict(MessageStatus.PENDING, 0, spare_seconds=60))
    assert bench.webhooks.backlog().oldest_due_at is None  # nothing that anybody could do something about
    bench.webhooks.remove(endpoint.id)
    assert bench.webhooks.backlog().pending == 0


def test_what_was_under_way_to_an_endpoint_that_was_removed_is_dropped_when_its_sender_is_lost(bench: Bench) -> None:
    endpoint = bench.endpoint()
    (message_id,) = bench.messages()
    bench.deliveries(lease=0.05).take(1)
    bench.webhooks.remove(endpoint.id)

    def is_dropped() -> bool:
        bench.deliveries().take(1)
        return bench.webhooks.message(message_id).status is MessageStatus.DROPPED

    until(is_dropped, "it is dropped")
    assert not bench.redis.exists(keys.due(endpoint.id))
