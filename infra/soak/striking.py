"""Carries a campaign's faults out in time, undoes them, and starts workers again that ended."""

import heapq
import itertools
import time
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError

from infra.soak.campaign import Fault
from infra.soak.faults import Faults, Strike
from infra.soak.ledger import Ledger
from infra.soak.stack import SoakStack
from latentrelay.errors import LatentRelayError

LATE_SECONDS = 20.0  # after which a fault that finds nothing to hit is given up
AGAIN_SECONDS = 0.1


class Striking:
    """Its time begins when it is made. Call `tick` often, from the thread that made the stack."""

    def __init__(self, stack: SoakStack, faults: Sequence[Fault], ledger: Ledger) -> None:
        self._stack = stack
        self._faults = Faults(stack)
        self._ledger = ledger
        self._began = time.monotonic()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        for fault in faults:
            self._at(fault.at, lambda fault=fault: self._strike(fault))  # type: ignore[misc]  # mypy cannot infer it

    @property
    def is_over(self) -> bool:
        """Whether every fault is past, and undone."""
        return not self._due

    def tick(self) -> None:
        """Do what is due, and look after the workers."""
        while self._due and self._due[0][0] <= self._now:
            heapq.heappop(self._due)[2]()
        for name, code in self._stack.tend():
            self._ledger.note("worker ended", name=name, code=code)

    @property
    def _now(self) -> float:
        return time.monotonic() - self._began

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._numbers), action))

    def _strike(self, fault: Fault) -> None:
        at = time.time()
        try:
            strike = self._faults.strike(fault)
        except (RedisError, LatentRelayError):  # another fault is in the way
            strike = None
        if strike is not None:
            self._struck(at, fault, strike)
        elif self._now - fault.at < LATE_SECONDS:
            self._at(self._now + AGAIN_SECONDS, lambda: self._strike(fault))

    def _struck(self, at: float, fault: Fault, strike: Strike) -> None:
        held = [dict(zip(("job_id", "stage", "attempt"), one, strict=True)) for one in strike.held]
        self._ledger.note(
            "struck", at=round(at, 3), kind=fault.kind, target=strike.target, held=held, removed=strike.removed
        )
        holding = f", holding {', '.join(one[0] for one in strike.held)}" if strike.held else ""
        lasting = f" for {strike.lasts:.1f} s" if strike.lasts else ""
        print(f"{at - time.time() + self._now:6.1f} s  {fault.kind}: {strike.target}{holding}{lasting}", flush=True)
        if strike.undo is not None:
            self._at(self._now + strike.lasts, strike.undo)
