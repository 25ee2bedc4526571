"""Every metric of the gateway: its name, its labels, and where its value comes from."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from latentrelay.client import Client
from latentrelay.contracts import JobRequest, Kind, QueueInfo, StageName, WebhookBacklog, WorkerInfo
from latentrelay.errors import ErrorCode, LatentRelayError, StackUnavailable
from services.gateway.readiness import SERVING

PREFIX = "latentrelay_"
ACCEPTED = "accepted"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the package types half of itself


class Metrics:
    """The metrics of one gateway; labels are closed sets, and every series that can be is there from the start.

    Args:
        client: tells of queues, workers and webhooks, whenever somebody asks.
    """

    def __init__(self, client: Client) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Build())
        self.registry.register(_Stack(client))
        self._submitted = Counter(
            f"{PREFIX}jobs_submitted",
            "Submissions, by what became of them: accepted, or the code of the refusal.",
            ("kind", "result"),
            registry=self.registry,
        )
        for kind in Kind:
            for result in (ACCEPTED, *ErrorCode):
                self._submitted.labels(kind, result)
        self._answered = Counter(
            f"{PREFIX}http_requests",
            "Requests by route; `none` is every path that is none of ours.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            f"{PREFIX}http_response_start_seconds",
            "From the request to the first byte of its answer, by route.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )

    @contextmanager
    def submitting(self, request: JobRequest) -> Iterator[None]:
        """Count the submission of `request` by how the inside ends; one that was left in between is not counted."""
        kind = request.model_dump(include={"kind"})["kind"]
        try:
            yield
        except LatentRelayError as error:
            self._submitted.labels(kind, error.code).inc()
            raise
        self._submitted.labels(kind, ACCEPTED).inc()

    def scrape(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the template of its path."""
        self._answered.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)


class _Build(Collector):
    def collect(self) -> Iterator[InfoMetricFamily]:
        told = InfoMetricFamily(f"{PREFIX}build", "What runs here.", {"version": version("latentrelay")})
        yield told


class _Stack(Collector):
    """What Redis tells at the moment of the scrape: nothing where it does not answer, rather than what was."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Its names, without asking Redis."""
        return _stack_metrics((), (), WebhookBacklog(outbox=0, pending=0, in_flight=0))

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            client = self._client
            return _stack_metrics(client.queues(), client.workers(), client.webhooks.backlog())
        except StackUnavailable:
            return ()


def _stack_metrics(
    queues: Iterable[QueueInfo], workers: Iterable[WorkerInfo], webhooks: WebhookBacklog
) -> Iterable[GaugeMetricFamily]:
    asked: dict[str, tuple[str, Callable[[QueueInfo], float]]] = {
        "queue_depth": ("Jobs that wait for a stage.", lambda queue: queue.depth),
        "queue_in_flight": ("Jobs of a stage that workers hold.", lambda queue: queue.in_flight),
        "queue_oldest_message_timestamp_seconds": (
            "Since when the job that has waited longest waits; 0 where none does.",
            lambda queue: _timestamp(queue.oldest_at),
        ),
    }
    waiting = [*queues]
    for name, (text, value) in asked.items():
        yield _by_stage(name, text, ((queue.stage, value(queue)) for queue in waiting))
    serving = [worker.stage for worker in workers if worker.state in SERVING]
    ready = ((stage, serving.count(stage)) for stage in StageName)
    yield _by_stage("worker_ready", "Workers of a stage with their model loaded.", ready)
    yield from _webhook_metrics(webhooks)


def _webhook_metrics(told: WebhookBacklog) -> Iterable[GaugeMetricFamily]:
    yield GaugeMetricFamily(
        f"{PREFIX}webhook_pending",
        "Events that were not delivered yet, in the outbox, waiting and in flight.",
        told.outbox + told.pending + told.in_flight,
    )
    yield GaugeMetricFamily(
        f"{PREFIX}webhook_oldest_due_timestamp_seconds",
        "Since when the message that has been due longest is due, at an endpoint that may be sent to; 0 where none is.",
        _timestamp(told.oldest_due_at),
    )


def _by_stage(name: str, text: str, values: Iterable[tuple[StageName, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, text, labels=("stage",))
    for stage, value in values:
        family.add_metric([stage], value)
    return family


def _timestamp(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()
