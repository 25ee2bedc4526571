"""Whatever happens to messages and endpoints, in any order: nobody is stuck, counts agree, all arrives in the end."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from pydantic import SecretStr

from latentrelay.contracts import DisabledReason, MessageStatus, WebhookEndpointChange
from latentrelay.errors import Conflict, NotFound
from latentrelay.jobs import keys
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Deliveries, Delivery
from latentrelay.webhooks.targets import origin_id
from tests.integration.webhook_bench import AGAIN, DELIVERED, LATER, Bench, settle
from tests.processes import until

TENANTS = "abc"
STEPS = 200
OF_ENDPOINT, OF_TENANT = 4, 16  # under way at once
VERDICTS = [
    *[DELIVERED] * 3,
    *[AGAIN] * 6,
    LATER,
    replace(AGAIN, status=MessageStatus.FAILED),
    replace(AGAIN, spare_seconds=0.02),
    replace(AGAIN, disable=DisabledReason.GONE),
]


@dataclass
class Chance:
    """What may happen, drawn from a seed."""

    bench: Bench
    deliveries: Deliveries
    drawn: random.Random
    endpoints: list[str] = field(default_factory=list)
    held: list[Delivery] = field(default_factory=list)

    def post(self) -> None:
        self.bench.messages(2, self.drawn.choice(TENANTS))

    def post_to_an_origin(self) -> None:
        url = f"https://origin{self.drawn.randrange(2)}.example/"
        self.bench.ended("a", told_to=origin_id("a", url), url=url)
        self.bench.relayed()

    def take(self) -> None:
        self.held += self.deliveries.take(self.drawn.randint(1, 30)).deliveries

    def settle(self) -> None:
        self.drawn.shuffle(self.held)
        for _ in range(min(len(self.held), self.drawn.randint(1, 10))):
            settle(self.deliveries, self.held.pop(), self.drawn.choice(VERDICTS))

    def let_leases_run_out(self) -> None:
        time.sleep(0.03)

    def enable(self) -> None:
        self.bench.webhooks.enable(self.drawn.choice(self.endpoints))

    def disable(self) -> None:
        self.bench.webhooks.disable(self.drawn.choice(self.endpoints))

    def change(self) -> None:
        wanted = WebhookEndpointChange(max_per_second=self.drawn.choice([None, 1000]))
        self.bench.webhooks.change(self.drawn.choice(self.endpoints), wanted)

    def remove(self) -> None:
        if len(self.endpoints) > 8 and self.drawn.random() < 0.3:
            self.bench.webhooks.remove(self.endpoints.pop(self.drawn.randrange(len(self.endpoints))))

    def resend(self) -> None:
        self._to_a_message(self.bench.webhooks.resend)

    def drop(self) -> None:
        self._to_a_message(self.bench.webhooks.drop)

    def drop_all(self) -> None:
        self.bench.webhooks.drop_all(self.drawn.choice(self.endpoints))

    def forget(self) -> None:
        """As if their time were over."""
        for message_id in self._messages()[:3]:
            self.bench.redis.delete(keys.message(message_id))

    def _to_a_message(self, act: Callable[[str], object]) -> None:
        for message_id in self._messages()[:1]:
            with suppress(Conflict, NotFound):
                act(message_id)

    def _messages(self) -> list[str]:
        found: list[str] = self.bench.redis.zrange(keys.MESSAGES, 0, -1)
        self.drawn.shuffle(found)
        return found


HAPPENINGS = [
    *[Chance.post] * 2,
    *[Chance.take, Chance.settle] * 3,
    Chance.post_to_an_origin,
    Chance.let_leases_run_out,
    Chance.enable,
    Chance.disable,
    Chance.change,
    Chance.remove,
    Chance.resend,
    Chance.drop,
    Chance.drop_all,
    Chance.forget,
]


@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_stuck_whatever_happens(settings: Settings, seed: int) -> None:
    bench = Bench.of(settings.model_copy(update={"webhook_key": SecretStr("k" * 32)}))
    chance = Chance(bench, bench.deliveries(lease=0.15, opening=0.02), random.Random(seed))
    chance.endpoints = [bench.endpoint(tenant=tenant).id for tenant in TENANTS for _ in range(7)]
    for _ in range(STEPS):
        chance.drawn.choice(HAPPENINGS)(chance)
        _nobody_is_stuck(bench)
        _counts_agree(bench)
    for endpoint in bench.webhooks.list():
        bench.webhooks.enable(endpoint.id)
    until(lambda: _is_drained(bench), "all that is due has arrived")
    _nothing_is_kept_for_ever(bench)


def _nobody_is_stuck(bench: Bench) -> None:
    """Who may be sent something is where a sender looks, or waits for its tenant, which has enough under way."""
    redis = bench.redis
    for endpoint_id in redis.zrange(keys.ENDPOINTS, 0, -1):
        told = redis.hgetall(keys.endpoint(endpoint_id))
        most = 1 if int(told.get("opened", 0)) else OF_ENDPOINT
        has_room = redis.scard(f"{keys.ROOT}flight:{endpoint_id}") < most
        if told.get("enabled") == "1" and has_room and redis.zcard(keys.due(endpoint_id)):
            parked = redis.zscore(f"{keys.ROOT}parked:{told['tenant']}", endpoint_id)
            under_way = redis.scard(f"{keys.ROOT}flight-of:{told['tenant']}")
            is_parked = parked is not None and under_way >= OF_TENANT
            assert is_parked or redis.zscore(f"{keys.ROOT}due", endpoint_id) is not None


def _counts_agree(bench: Bench) -> None:
    tenants = Counter(member.split()[2] for member in bench.redis.zrange(keys.FLIGHT, 0, -1))
    for tenant in TENANTS:
        assert bench.redis.scard(f"{keys.ROOT}flight-of:{tenant}") == tenants[tenant] <= OF_TENANT


def _is_drained(bench: Bench) -> bool:
    deliveries = bench.deliveries(opening=0.02)
    for delivery in deliveries.take(64).deliveries:
        settle(deliveries, delivery, DELIVERED)
    told = bench.webhooks.backlog()
    return told.oldest_due_at is None and told.in_flight == 0


def _nothing_is_kept_for_ever(bench: Bench) -> None:
    for key in bench.redis.scan_iter():
        if (
            key.split(":")[1] in ("due", "parked", "flight", "message", "messages-to", "messages-of")
            and ":" in key[12:]
        ):
            assert bench.redis.ttl(key) != -1 or bench.redis.type(key) == "set", key
