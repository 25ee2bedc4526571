"""Takes what is due and delivers it, so many messages at once."""

import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from latentrelay.contracts import DisabledReason, Outcome
from latentrelay.jobs import UNREACHABLE, willing
from latentrelay.tracing import NULL, Span, Tracer
from latentrelay.webhooks.deliveries import Deliveries, Delivery, Verdict
from services.webhooks.attempt import Attempted, Sender, faulty
from services.webhooks.metrics import Metrics
from services.webhooks.repeating import AWAY_SECONDS, repeat
from services.webhooks.traced import tell_end, traced
from services.webhooks.verdict import decide

LOOK_SECONDS = 0.25
"""How often is looked for what another process posted, or resent."""
LUCK = random.SystemRandom()

log = logging.getLogger(__name__)


class Deliverers:
    """Threads that deliver.

    Args:
        deliveries: hand out what is due.
        sender: makes attempts.
        metrics: where they are counted.
        tracer: tells of each.
        schedule: the pause before each try of a message, in seconds.
        count: how many messages are under way at once.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        sender: Sender,
        metrics: Metrics,
        *,
        tracer: Tracer = NULL,
        schedule: tuple[float, ...],
        count: int,
    ) -> None:
        self._deliveries = deliveries
        self._sender = sender
        self._metrics = metrics
        self._tracer = tracer
        self._schedule = schedule
        self._count = count
        self._threads = ThreadPoolExecutor(count, "deliverer")
        self._under_way = 0
        self._changed = threading.Condition()
        self._is_nudged = False

    def nudge(self) -> None:
        """Something may be due now."""
        with self._changed:
            self._is_nudged = True
            self._changed.notify_all()

    def run(self, stopping: threading.Event) -> None:
        """Deliver until `stopping`; whoever sets it nudges."""
        repeat(lambda: self._rest(self._hand_out(stopping)), stopping)

    def finish(self, seconds: float) -> None:
        """Wait for what is under way, at most so long; what is left goes to somebody else when its lease ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, seconds)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_out(self, stopping: threading.Event) -> float:
        """Start what is due; the seconds until there may be more."""
        free = self._free()
        if stopping.is_set():
            return 0.0
        taken = self._deliveries.take(free)
        for delivery in taken.deliveries:
            with self._changed:
                self._under_way += 1
            self._threads.submit(self._deliver, delivery)
        if len(taken.deliveries) == free:
            return 0.0
        return LOOK_SECONDS if taken.seconds is None else min(taken.seconds, LOOK_SECONDS)

    def _free(self) -> int:
        """How many more may be under way; waits until it is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._count)
            return self._count - self._under_way

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_nudged, seconds)
            self._is_nudged = False

    def _deliver(self, delivery: Delivery) -> None:
        try:
            with traced(self._tracer, delivery) as span:
                self._attempt(delivery, span)
        finally:
            with self._changed:
                self._under_way -= 1
                self._is_nudged = True
                self._changed.notify_all()

    def _attempt(self, delivery: Delivery, span: Span) -> None:
        try:
            attempted = self._attempted(delivery)
            tell_end(span, attempted.record)
            self._metrics.attempted(attempted.record)
            self._settle(delivery, attempted)
        except Exception:  # what is not settled comes back when its lease ends
            log.exception("attempt not settled")

    def _attempted(self, delivery: Delivery) -> Attempted:
        try:
            return self._sender.attempt(delivery)
        except Exception:  # it costs a try, or would be repeated for ever
            log.exception("attempt failed by a fault of ours")
            return faulty(delivery)

    def _settle(self, delivery: Delivery, attempted: Attempted) -> None:
        outcome = attempted.record.outcome
        verdict = decide(
            outcome,
            delivery.type,
            delivery.tries,
            schedule=self._schedule,
            retry_after=attempted.retry_after,
            is_own_url=delivery.is_own_url,
            luck=LUCK.random(),
        )
        disabled = self._settled(delivery, attempted, verdict)
        if outcome is not Outcome.DELIVERED:
            log.info("not delivered", extra={"outcome": outcome, "status": attempted.record.status})
        if disabled is not None:
            log.warning("endpoint disabled", extra={"reason": disabled})

    def _settled(self, delivery: Delivery, attempted: Attempted, verdict: Verdict) -> DisabledReason | None:
        """Say what came; while Redis is away, again and again for as long as the lease may last."""
        until = time.monotonic() + self._sender.seconds
        while True:
            try:
                with willing():
                    return self._deliveries.settle(delivery, attempted.record, verdict)
            except UNREACHABLE:
                if time.monotonic() > until:
                    raise
                time.sleep(AWAY_SECONDS)
