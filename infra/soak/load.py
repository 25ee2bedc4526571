"""Asks for what the campaign orders, as producers do: through their client, patiently, each order under one key."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from infra.soak.campaign import FLOODING, TENANTS, Order
from infra.soak.ledger import Ledger
from infra.soak.palette import PICTURES, Given
from infra.soak.witness import Witness
from latentrelay.client import Client
from latentrelay.contracts import JobRequest
from latentrelay.errors import LatentRelayError, RetryableError
from latentrelay.settings import Settings

AGAIN_SECONDS = 1.0


class Load:
    """Submits, submits again, cancels; in a thread of its own.

    Args:
        settings: that lead through the proxies.
        orders: what is asked for.
        given: what pictures are made from.
        witness: looks at what becomes of each job.
        ledger: what was accepted is noted there.
    """

    def __init__(
        self, settings: Settings, orders: Sequence[Order], given: Given, witness: Witness, ledger: Ledger
    ) -> None:
        self._given = given
        self._witness = witness
        self._clients = {
            tenant: Client(settings.model_copy(update={"tenant": tenant})) for tenant in (*TENANTS, FLOODING)
        }
        self._orders = orders
        self._ledger = ledger
        self._requests: dict[str, JobRequest] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def start(self) -> None:
        """Begin; the campaign's time starts now."""
        for order in self._orders:
            self._in(order.at, lambda order=order: self._submit(order))  # type: ignore[misc]  # mypy cannot infer it
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether everything was asked for."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._due:
            at, _, action = heapq.heappop(self._due)
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                action()
            except RetryableError:  # a server is away
                self._in(AGAIN_SECONDS, action)

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), action))

    def _submit(self, order: Order) -> None:
        given = replace(self._given, relay_id=self._witness.relay_id)
        request = self._requests.setdefault(order.key, asked(order, given, datetime.now(UTC)))
        try:
            job = self._clients[order.tenant].submit(request)
        except RetryableError:
            raise
        except LatentRelayError as error:  # its deadline has passed meanwhile, or what it begins with was swept
            self._ledger.note("refused", key=order.key, detail=error.detail)
            return
        self._ledger.note("accepted", key=order.key, job_id=job.id, picture=order.picture, deadline=order.deadline)
        self._witness.follow(job.id, order.picture)
        if order.canceled is not None:
            self._in(order.canceled, lambda: self._cancel(order, job.id))
        if order.repeated is not None:
            self._in(order.repeated, lambda: self._repeat(order, request))

    def _repeat(self, order: Order, request: JobRequest) -> None:
        job = self._clients[order.tenant].submit(request)
        self._ledger.note("repeated", key=order.key, job_id=job.id)

    def _cancel(self, order: Order, job_id: str) -> None:
        self._ledger.note("cancel", job_id=job_id)  # first: it may take effect though its answer is lost
        self._clients[order.tenant].cancel(job_id)


def asked(order: Order, given: Given, now: datetime) -> JobRequest:
    """The request of an order."""
    deadline = None if order.deadline is None else now + timedelta(seconds=order.deadline)
    how = {"idempotency_key": order.key, "priority": order.priority, "deadline": deadline}
    return PICTURES[order.picture](given).model_copy(update=how)
