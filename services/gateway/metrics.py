"""What a gateway tells Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import generate_latest

from latentrelay.client import Client
from latentrelay.contracts import JobRequest
from latentrelay.errors import ErrorCode, LatentRelayError
from latentrelay.metrics import gateway
from latentrelay.metrics.instruments import Instruments
from services.gateway.stack_metrics import StackMetrics


class Metrics:
    """The metrics of one gateway.

    Args:
        client: tells of queues, workers and webhooks, whenever somebody asks.
    """

    def __init__(self, client: Client) -> None:
        made = Instruments()
        self.registry = made.registry
        self.registry.register(StackMetrics(client))
        self._submitted = made.counter(gateway.JOBS_SUBMITTED)
        self._answered = made.counter(gateway.HTTP_REQUESTS)
        self._seconds = made.histogram(gateway.HTTP_RESPONSE_START_SECONDS)

    @contextmanager
    def submitting(self, request: JobRequest) -> Iterator[None]:
        """Count the submission of `request` by how the inside ends; one that was left in between is not counted."""
        kind = request.model_dump(include={"kind"})["kind"]
        try:
            yield
        except Exception as error:
            code = error.code if isinstance(error, LatentRelayError) else ErrorCode.INTERNAL
            self._submitted.labels(kind, code).inc()
            raise
        self._submitted.labels(kind, gateway.ACCEPTED).inc()

    def scrape(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the template of its path."""
        self._answered.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)
