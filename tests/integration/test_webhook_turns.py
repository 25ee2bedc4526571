"""Messages on their way on a real Valkey: whose turn it is, how often, when again, and what is spared."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay.contracts import (
    Circuit,
    DisabledReason,
    EndpointStatus,
    MessageStatus,
    Outcome,
)
from latentrelay.embedded.valkey import Valkey
from latentrelay.errors import Conflict
from latentrelay.jobs import keys
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Deliveries, Delivery, Verdict
from tests.integration.webhook_bench import AGAIN, DELIVERED, KEY, LATER, Bench, settle
from tests.processes import until


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


def test_endpoints_of_one_tenant_take_turns_however_few_slots_are_free(bench: Bench) -> None:
    endpoints = [bench.endpoint() for _ in range(8)]
    bench.messages(30)
    deliveries, served = bench.deliveries(), Counter[str]()
    under_way = [*deliveries.take(16).deliveries]
    for _ in range(80):
        settle(deliveries, under_way.pop(0), DELIVERED)
        (taken,) = deliveries.take(1).deliveries
        served[taken.endpoint_id] += 1
        under_way.append(taken)
    assert served == {endpoint.id: 10 for endpoint in endpoints}


def test_every_endpoint_gets_one_before_any_gets_a_second(bench: Bench) -> None:
    for tenant in "abcd":
        bench.endpoint(tenant=tenant)
        bench.messages(4, tenant)
    taken = Counter(delivery.endpoint_id for delivery in bench.deliveries().take(8).deliveries)
    assert sorted(taken.values()) == [2, 2, 2, 2]


def test_forgotten_messages_are_passed_over_a_thousand_at_a_time(bench: Bench) -> None:
    endpoint = bench.endpoint()
    (message_id,) = bench.messages()
    a_minute_ago = round(time.time() * 1000) - 60_000
    bench.redis.zadd(keys.due(endpoint.id), {f"forgotten{number}": a_minute_ago + number for number in range(2500)})
    deliveries, left = bench.deliveries(), []
    while not (taken := deliveries.take(64).deliveries):
        left.append(bench.redis.zcard(keys.due(endpoint.id)))
    assert left == [1501, 501]
    assert [delivery.message_id for delivery in taken] == [message_id]


def test_what_a_receiver_asked_for_is_kept_whatever_else_it_takes(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    deliveries = bench.deliveries()
    first, second = deliveries.take(2).deliveries
    settle(deliveries, first, Verdict(MessageStatus.PENDING, 60, spare_seconds=60))
    settle(deliveries, second, DELIVERED)
    assert not deliveries.take(10).deliveries
    assert bench.webhooks.get(endpoint.id).retry_at is not None


def test_two_failures_with_quiet_days_between_them_disable_nobody(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(6)
    deliveries = bench.deliveries(opening=0.001, failing=5 * 86_400)
    _failed(deliveries, 5, AGAIN)
    six_days_ago = round((time.time() - 6 * 86_400) * 1000)
    long_ago = {"failing_since": six_days_ago, "last_failed_at": six_days_ago, "spared_until": 0}
    bench.redis.hset(keys.endpoint(endpoint.id), mapping=long_ago)
    _failed(deliveries, 1, AGAIN)
    told = bench.webhooks.get(endpoint.id)
    assert (told.status, told.failures) == (EndpointStatus.ENABLED, 1)


def test_few_failures_disable_nobody_however_long_they_take(bench: Bench) -> None:
    endpoint = bench.endpoint()
    bench.messages(3)
    _failed(bench.deliveries(failing=0.001), 3, AGAIN)
    assert _is_enabled(bench, endpoint.id)


def test_what_waits_is_forgotten_with_the_last_message_that_waited(bench: Bench) -> None:
    endpoint = bench.endpoint()
    (message_id,) = bench.messages()
    deliveries = bench.deliveries()
    settle(deliveries, deliveries.take(1).deliveries[0], LATER)
    left, longest = (bench.redis.pttl(key) for key in (keys.due(endpoint.id), keys.message(message_id)))
    assert 0 < left <= longest + 1000


def test_a_server_whose_memory_is_full_still_learns_what_came_of_an_attempt(tmp_path: Path, settings: Settings) -> None:
    server = Valkey(tmp_path / "valkey")
    server.start()
    full = settings.model_copy(update={"webhook_key": KEY, "redis_url": SecretStr(server.url)})
    bench = Bench.of(full)
    bench.endpoint()
    (message_id,) = bench.messages()
    deliveries = bench.deliveries()
    (delivery,) = deliveries.take(1).deliveries
    bench.redis.config_set("maxmemory", 1)
    settle(deliveries, delivery, DELIVERED)
    assert bench.webhooks.message(message_id).status is MessageStatus.DELIVERED
    server.stop()


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
