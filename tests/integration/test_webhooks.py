"""The outbox, the messages and their endpoints on a real Valkey: who is told, when, how often, and what is spared."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from latentrelay.contracts import (
    Circuit,
    DisabledReason,
    EndpointStatus,
    MessageStatus,
    Outcome,
    Progress,
    StageName,
    TextToImage,
    WebhookEndpointChange,
)
from latentrelay.errors import Conflict, InvalidRequest, NotFound, StackUnavailable
from latentrelay.jobs import Claims, Jobs, keys
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Deliveries, Delivery, Verdict
from latentrelay.webhooks.sealing import Seal
from latentrelay.webhooks.secret_keys import signing_keys
from tests.integration.webhook_bench import AGAIN, DELIVERED, LATER, Bench, settle
from tests.processes import until

KEY = SecretStr("k" * 32)


@pytest.fixture
def bench(settings: Settings) -> Bench:
    return Bench.of(settings.model_copy(update={"webhook_key": KEY}))


def test_the_end_of_a_job_is_told_to_who_subscribed_to_it_and_to_nobody_else(bench: Bench) -> None:
    wanted = bench.endpoint(events=["canceled"])
    bench.endpoint(events=["succeeded", "failed"])
    bench.endpoint(tenant="other", events=["canceled"])
    bench.ended()
    assert [message.endpoint_id for message in bench.webhooks.messages().data] == []
    bench.relayed()
    assert [message.endpoint_id for message in bench.webhooks.messages().data] == [wanted.id]


def test_where_nobody_wants_to_know_nothing_is_written(bench: Bench) -> None:
    bench.endpoint(events=["succeeded"])
    bench.ended()
    assert bench.redis.xlen(keys.OUTBOX) == 0


def test_a_job_that_names_an_endpoint_is_told_to_that_one_alone_and_of_its_own_events(bench: Bench) -> None:
    bench.endpoint(events=["canceled"])
    named = bench.endpoint(events=["succeeded"])
    bench.ended(told_to=named.id, endpoint_id=named.id, events=["canceled"])
    bench.ended(told_to=named.id, endpoint_id=named.id, events=["failed"])
    assert len(bench.relayed()) == 1
    assert [message.endpoint_id for message in bench.webhooks.messages().data] == [named.id]


def test_a_job_that_names_a_url_is_told_there(bench: Bench) -> None:
    named = bench.endpoint()
    bench.ended(told_to=named.id, url="https://hooks.example/elsewhere?id=7")
    bench.relayed()
    (delivery,) = bench.deliveries().take(10).deliveries
    assert (delivery.endpoint_id, delivery.url) == (named.id, "https://hooks.example/elsewhere?id=7")


def test_every_move_that_is_asked_for_is_told_progress_at_most_every_two_seconds(bench: Bench) -> None:
    bench.endpoint(events=["started", "progress", "canceled"])
    asked = TextToImage(prompt="a cat", seed=1)
    Jobs(bench.redis).submit("j", asked, asked)
    claims = Claims(bench.redis, lease_seconds=30, max_attempts=3)
    claim = claims.claim(StageName.SDXL_BASE, "me")
    assert claim is not None
    began = time.monotonic()
    for step in range(1, 6):
        claims.renew(claim, progress=Progress(stage=StageName.SDXL_BASE, step=step, steps=9))
    seconds = time.monotonic() - began
    Jobs(bench.redis).cancel("j")
    claims.release(claim)
    bench.relayed()
    first, *between, last = [message.type for message in bench.webhooks.messages().data][::-1]
    assert (first, set(between), last) == ("job.started", {"job.progress"}, "job.canceled")
    assert len(between) <= 1 + seconds / 2


def test_what_is_told_outlives_the_job(bench: Bench) -> None:
    bench.endpoint()
    job_id = bench.ended()
    Jobs(bench.redis).delete(job_id)
    bench.relayed()
    (delivery,) = bench.deliveries().take(10).deliveries
    assert job_id.encode() in delivery.body


def test_of_any_number_of_relays_one_makes_the_messages(bench: Bench) -> None:
    bench.endpoint()
    for _ in range(50):
        bench.ended()
    others = [Bench.of(bench.settings) for _ in range(4)]
    threads = [threading.Thread(target=one.relayed) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.webhooks.messages(limit=250).data) == 50


def test_a_row_that_nobody_can_read_is_buried_and_holds_up_no_other(bench: Bench) -> None:
    bench.endpoint()
    bench.redis.xadd(keys.OUTBOX, {"event": "canceled", "id": "of another release"})
    bench.ended()
    assert len(bench.relayed()) == 1
    assert [fields["queue"] for _, fields in bench.redis.xrange(keys.DEAD)] == ["outbox"]


def test_endpoints_take_turns_however_much_waits_for_one(bench: Bench) -> None:
    busy, idle = bench.endpoint(tenant="busy"), bench.endpoint(tenant="idle")
    bench.messages(20, "busy")
    bench.messages(1, "idle")
    taken = bench.deliveries().take(2).deliveries
    assert {delivery.endpoint_id for delivery in taken} == {busy.id, idle.id}


def test_an_endpoint_has_four_under_way_and_a_tenant_sixteen(bench: Bench) -> None:
    for _ in range(6):
        bench.endpoint()
    bench.messages(10)
    deliveries = bench.deliveries()
    taken = deliveries.take(100).deliveries
    assert len(taken) == 16
    assert max(Counter(delivery.endpoint_id for delivery in taken).values()) <= 4
    for delivery in taken:
        settle(deliveries, delivery, DELIVERED)
    assert len(deliveries.take(100).deliveries) == 16


def test_a_tenant_at_its_limit_holds_back_no_other(bench: Bench) -> None:
    for _ in range(5):
        bench.endpoint(tenant="busy")
    bench.messages(10, "busy")
    other = bench.endpoint(tenant="other")
    deliveries = bench.deliveries()
    assert len(deliveries.take(100).deliveries) == 16
    bench.messages(1, "other")
    assert [delivery.endpoint_id for delivery in deliveries.take(100).deliveries] == [other.id]


def test_everything_is_delivered_in_the_end(bench: Bench) -> None:
    for tenant in ("a", "b", "c"):
        for _ in range(3):
            bench.endpoint(tenant=tenant)
        bench.messages(7, tenant)
    deliveries, arrived = bench.deliveries(), Counter[str]()
    while taken := deliveries.take(5).deliveries:
        for delivery in taken:
            arrived[delivery.message_id] += 1
            settle(deliveries, delivery, DELIVERED)
    assert len(arrived) == 63
    assert set(arrived.values()) == {1}
    assert bench.webhooks.backlog().pending == 0


def test_an_endpoint_with_a_rate_is_sent_one_at_a_time_and_no_sooner(bench: Bench) -> None:
    bench.endpoint(max_per_second=1)
    bench.messages(3)
    deliveries = bench.deliveries()
    taken = deliveries.take(10)
    assert len(taken.deliveries) == 1
    assert taken.seconds is not None
    assert 0 < taken.seconds <= 1


def test_a_message_waits_for_its_next_try(bench: Bench) -> None:
    bench.endpoint()
    bench.messages()
    deliveries = bench.deliveries()
    settle(deliveries, deliveries.take(1).deliveries[0], LATER)
    taken = deliveries.take(1)
    assert not taken.deliveries
    (message,) = bench.webhooks.messages().data
    assert message.status is MessageStatus.PENDING
    assert message.next_attempt_at is not None
    assert message.next_attempt_at > datetime.now(UTC) + timedelta(minutes=30)


def test_a_lease_that_runs_out_is_another_attempt_of_the_same_webhook(bench: Bench) -> None:
    first, second = _taken_twice(bench)
    assert (second.webhook_id, second.body) == (first.webhook_id, first.body)
    assert second.attempt == first.attempt + 1
    assert second.tries == 0  # nobody knows whether it was one
    assert bench.webhooks.attempts(second.message_id)[0].outcome is Outcome.LOST


def test_whoever_lost_the_lease_says_nothing_any_more(bench: Bench) -> None:
    first, second = _taken_twice(bench)
    deliveries = bench.deliveries()
    settle(deliveries, first, DELIVERED)
    assert bench.webhooks.message(first.message_id).status is MessageStatus.PENDING
    settle(deliveries, second, DELIVERED)
    assert bench.webhooks.message(first.message_id).status is MessageStatus.DELIVERED


def test_a_word_that_is_repeated_counts_once(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages()
    deliveries = bench.deliveries()
    (delivery,) = deliveries.take(1).deliveries
    settle(deliveries, delivery, LATER)
    settle(deliveries, delivery, LATER)
    assert bench.webhooks.get(endpoint.id).failures == 1


def test_five_failures_in_a_row_open_the_circuit_and_no_message_loses_a_try_by_it(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(6)
    deliveries = bench.deliveries(opening=60)
    tries = _failed(deliveries, 5, AGAIN)
    told = bench.webhooks.get(endpoint.id)
    assert (told.circuit, told.failures) == (Circuit.OPEN, 5)
    assert told.retry_at is not None
    assert told.retry_at > datetime.now(UTC) + timedelta(seconds=30)
    assert not deliveries.take(10).deliveries
    assert sum(tries.values()) == 5


def test_a_circuit_that_was_open_tries_with_one_and_a_success_closes_it(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(8)
    deliveries = bench.deliveries(opening=0.05)
    _failed(deliveries, 5, AGAIN)
    until(lambda: bench.webhooks.get(endpoint.id).circuit is Circuit.HALF_OPEN, "its time is over")
    (probe,) = deliveries.take(10).deliveries
    settle(deliveries, probe, DELIVERED)
    assert bench.webhooks.get(endpoint.id).circuit is Circuit.CLOSED
    assert len(deliveries.take(10).deliveries) == 4


def test_a_circuit_that_fails_its_trial_is_open_twice_as_long(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(8)
    deliveries = bench.deliveries(opening=0.5)
    _failed(deliveries, 5, AGAIN)
    until(lambda: bench.webhooks.get(endpoint.id).circuit is Circuit.HALF_OPEN, "its time is over")
    (probe,) = deliveries.take(10).deliveries
    before = datetime.now(UTC)
    settle(deliveries, probe, AGAIN)
    spared_until = bench.webhooks.get(endpoint.id).retry_at
    assert spared_until is not None
    assert spared_until - before > timedelta(seconds=0.9)


def test_failures_that_were_under_way_when_it_opened_open_it_no_further(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(12)
    deliveries = bench.deliveries(opening=60)
    _failed(deliveries, 4, AGAIN)
    for delivery in deliveries.take(4).deliveries:
        settle(deliveries, delivery, AGAIN)
    spared_until = bench.webhooks.get(endpoint.id).retry_at
    assert spared_until is not None
    assert spared_until < datetime.now(UTC) + timedelta(seconds=61)


def test_an_endpoint_that_asks_to_be_spared_is_spared_with_all_its_messages(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries()
    (delivery,) = deliveries.take(1).deliveries
    settle(deliveries, delivery, Verdict(MessageStatus.PENDING, 5, spare_seconds=60))
    assert not deliveries.take(10).deliveries
    assert bench.webhooks.get(endpoint.id).circuit is Circuit.CLOSED


def test_an_endpoint_that_is_gone_is_disabled_and_its_messages_wait(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(2)
    deliveries = bench.deliveries()
    settle(deliveries, deliveries.take(1).deliveries[0], Verdict(MessageStatus.PENDING, 0, 0, DisabledReason.GONE))
    told = bench.webhooks.get(endpoint.id)
    assert (told.status, told.disabled_reason) == (EndpointStatus.DISABLED, DisabledReason.GONE)
    bench.messages()
    assert not deliveries.take(10).deliveries
    bench.webhooks.enable(endpoint.id)
    assert len(deliveries.take(10).deliveries) == 3


def test_an_endpoint_that_did_nothing_but_fail_for_long_is_disabled(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages()
    deliveries = bench.deliveries(opening=0.001, failing=0.2)
    until(lambda: bool(_failed(deliveries, 1, AGAIN)) and not _is_enabled(bench, endpoint.id), "it is given up")
    assert bench.webhooks.get(endpoint.id).disabled_reason is DisabledReason.FAILING


def test_one_success_in_between_keeps_it_enabled(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries(failing=3600)
    _failed(deliveries, 2, AGAIN)
    settle(deliveries, deliveries.take(1).deliveries[0], DELIVERED)
    told = bench.webhooks.get(endpoint.id)
    assert (told.failures, told.failing_since) == (0, None)
    assert told.last_delivered_at is not None


def test_one_that_was_disabled_by_hand_is_sent_nothing_until_it_is_enabled(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.webhooks.disable(endpoint.id)
    bench.messages(2)
    assert not bench.deliveries().take(10).deliveries
    with pytest.raises(Conflict, match="enable that first"):
        bench.webhooks.resend(bench.webhooks.messages().data[0].id)
    assert bench.webhooks.enable(endpoint.id).pending == 2
    assert len(bench.deliveries().take(10).deliveries) == 2


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
    assert [message.job_id for message in (*first.data, *rest.data)] == job_ids[::-1]
    assert rest.next_cursor is None


def test_an_origin_that_nobody_registered_has_a_queue_of_its_own_for_a_while(bench: Bench) -> None:
    bench.ended(told_to="url_1", url="https://anywhere.example/a")
    bench.ended(told_to="url_1", url="https://anywhere.example/b")
    bench.relayed()
    first, second = bench.deliveries().take(10).deliveries
    assert {first.url, second.url} == {"https://anywhere.example/a", "https://anywhere.example/b"}
    assert (first.endpoint_id, first.secrets) == ("url_1", "")
    (known,) = bench.webhooks.list()
    assert known.url == "https://anywhere.example:443"
    assert not bench.webhooks.confined_to("default").list()
    assert bench.redis.pttl(keys.endpoint("url_1")) > 0
    for change in (
        bench.webhooks.rotate,
        lambda id_: bench.webhooks.change(id_, WebhookEndpointChange(events=["failed"])),
    ):  # type: ignore[arg-type]
        with pytest.raises(Conflict, match="its tenant's"):
            change("url_1")


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


def test_an_event_that_comes_again_after_a_loss_of_writes_is_the_same_webhook(bench: Bench) -> None:
    bench.endpoint()
    bench.ended()
    ((row_id, fields),) = bench.redis.xrange(keys.OUTBOX)
    (first,) = bench.relayed()
    bench.redis.delete(keys.OUTBOX)
    bench.redis.xadd(keys.OUTBOX, fields, id=row_id)
    assert not bench.relayed()
    assert [message.id for message in bench.webhooks.messages().data] == [first]


def _taken_twice(bench: Bench) -> tuple[Delivery, Delivery]:
    """An attempt whose lease ran out, and the next one."""
    bench.endpoint()
    bench.messages()
    (first,) = bench.deliveries(lease=0.05).take(1).deliveries
    again: list[Delivery] = []
    until(lambda: bool(again.extend(bench.deliveries().take(1).deliveries) or again), "it is taken again")
    return first, again[0]


def _failed(deliveries: Deliveries, count: int, verdict: Verdict) -> Counter[str]:
    """Take one after another, and fail it."""
    failed = Counter[str]()
    for _ in range(count):
        for delivery in deliveries.take(1).deliveries:
            failed[delivery.message_id] += 1
            settle(deliveries, delivery, verdict)
    return failed


def _is_enabled(bench: Bench, endpoint_id: str) -> bool:
    return bench.webhooks.get(endpoint_id).status is EndpointStatus.ENABLED
