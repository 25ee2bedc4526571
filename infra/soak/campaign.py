"""What a soak does when, drawn from its seed. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from infra.soak.palette import PICTURES, RELAY
from latentrelay import Priority

JOBS_A_SECOND = 0.9
GAP_SECONDS = (5.0, 11.0)  # between two faults
QUIET_SECONDS = 10.0  # without faults, at the end
FLOOD = 30  # jobs that one tenant submits at once
TENANTS = ("harbor", "meadow", "summit")
FLOODING = "flood"


class FaultKind(StrEnum):
    """What is struck."""

    WORKER_KILLED = "worker killed"
    POOL_KILLED = "pool process killed"
    WORKER_STOPPED = "worker stopped for longer than its lease"
    WORKER_DRAINED = "worker drained"
    WORKER_HURRIED = "worker drained, and hurried"
    REDIS_KILLED = "Redis killed"
    REDIS_CUT = "Redis connections cut"
    REDIS_SILENT = "Redis silent"
    STORE_REFUSES = "store refusing"
    STORE_SILENT = "store silent"
    STORE_BUSY = "store answering 503"
    STORE_KILLED = "store killed"
    HINTS_LOST = "hints lost"
    LATENTS_LOST = "latents lost"


# as often as each is drawn from one deck
DECK = (*FaultKind, FaultKind.WORKER_KILLED, FaultKind.WORKER_STOPPED, FaultKind.LATENTS_LOST)


@dataclass(frozen=True)
class Fault:
    """Something goes wrong `at` seconds into the campaign, for `seconds`; `choice` (0 to 1) says whom it strikes."""

    at: float
    kind: FaultKind
    seconds: float
    choice: float


@dataclass(frozen=True)
class Order:
    """A picture is asked for `at` seconds into the campaign. The others are seconds after it was accepted, or None."""

    at: float
    key: str
    """Its idempotency key."""
    picture: str
    tenant: str
    priority: Priority
    deadline: float | None
    canceled: float | None
    repeated: float | None
    """When the same is submitted again."""


@dataclass(frozen=True)
class Campaign:
    """Both, in the order of time."""

    orders: tuple[Order, ...]
    faults: tuple[Fault, ...]


def drawn(seed: int, seconds: float) -> Campaign:
    """The campaign of that seed and length."""
    dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
    return Campaign(tuple(sorted(_orders(dice, seconds), key=lambda order: order.at)), tuple(_faults(dice, seconds)))


def _orders(dice: random.Random, seconds: float) -> Iterator[Order]:
    count = round(seconds * JOBS_A_SECOND)
    flood = min(FLOOD, count // 4)
    flooded_at = seconds * dice.uniform(0.2, 0.5)
    for number in range(count):
        floods = number < flood
        at = flooded_at if floods else dice.uniform(0, seconds)
        yield Order(
            at=at,
            key=f"order-{number}",
            picture=dice.choice((*PICTURES, RELAY, RELAY)),  # it is kept for a while, and others begin with it
            tenant=FLOODING if floods else dice.choice(TENANTS),
            priority=Priority.BATCH if floods else dice.choice(tuple(Priority)),
            deadline=_sometimes(dice, 0.05, (0.5, 6.0)),
            canceled=_sometimes(dice, 0.10, (0.0, 4.0)),
            repeated=_sometimes(dice, 0.10, (0.0, 20.0)),
        )


def _faults(dice: random.Random, seconds: float) -> Iterator[Fault]:
    deck: list[FaultKind] = []
    at = dice.uniform(*GAP_SECONDS)
    while at < seconds - QUIET_SECONDS:
        deck = deck or _shuffled(dice, DECK)
        yield Fault(at, deck.pop(), seconds=dice.uniform(1.0, 7.0), choice=dice.random())
        at += dice.uniform(*GAP_SECONDS)


def _shuffled(dice: random.Random, kinds: Sequence[FaultKind]) -> list[FaultKind]:
    return dice.sample(kinds, len(kinds))


def _sometimes(dice: random.Random, chance: float, between: tuple[float, float]) -> float | None:
    return dice.uniform(*between) if dice.random() < chance else None
