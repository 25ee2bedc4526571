"""When jobs come: by chance, evenly, or many at once. Seeded: the same seed draws the same jobs. Pure."""

from collections.abc import Iterator
from enum import StrEnum
from random import Random

from latentrelay.plan.load import Arrival, Arrivals, faster
from latentrelay.plan.load import per_second as mean_rate
from latentrelay.plan.shapes import Shapes, Shares, drawn

EVERYBODY: Shares[str] = {"default": 1.0}


class Process(StrEnum):
    """How arrivals lie in time."""

    POISSON = "poisson"
    EVEN = "even"
    BURSTS = "bursts"


def arrivals(
    shapes: Shapes,
    per_second: float,
    count: int,
    *,
    process: Process = Process.POISSON,
    burst: int = 10,
    tenants: Shares[str] = EVERYBODY,
    seed: int = 1,
) -> Arrivals:
    """`count` jobs at a mean rate.

    Args:
        shapes: what they are.
        per_second: how many come in the mean.
        count: how many come at all.
        process: poisson: each comes by itself; even: at equal distances; bursts: `burst` at once, bursts as poisson.
        burst: jobs of a burst.
        tenants: how often each tenant asks.
        seed: of chance; times are drawn apart from shapes, so that another mix comes at the same moments.
    """
    times = _times(process, per_second, burst, Random(f"times {seed}"))  # noqa: S311  # no secret
    chance = Random(f"shapes {seed}")  # noqa: S311  # as above
    jobs = [Arrival(next(times), shapes.draw(chance), drawn(tenants, chance)) for _ in range(count)]
    return faster(jobs, per_second / mean_rate(jobs))  # exactly the rate that was asked for


def _times(process: Process, per_second: float, burst: int, chance: Random) -> Iterator[float]:
    at, together = 0.0, burst if process is Process.BURSTS else 1
    while True:
        mean = together / per_second
        at += mean if process is Process.EVEN else chance.expovariate(1 / mean)
        for _ in range(together):
            yield at
