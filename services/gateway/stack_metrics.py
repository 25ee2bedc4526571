"""What Redis tells of the whole stack, at the moment of a scrape."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client.registry import Collector

from latentrelay.client import Client
from latentrelay.contracts import QueueInfo, StageName, WebhookBacklog, WorkerInfo
from latentrelay.errors import StackUnavailable
from latentrelay.jobs import Tally
from latentrelay.metrics import Metric, stack
from latentrelay.metrics.instruments import Family, family

OF_A_QUEUE: dict[Metric, Callable[[QueueInfo], float | None]] = {
    stack.QUEUE_DEPTH: lambda queue: queue.depth,
    stack.QUEUE_IN_FLIGHT: lambda queue: queue.in_flight,
    stack.QUEUE_OLDEST_MESSAGE_TIMESTAMP_SECONDS: lambda queue: _timestamp(queue.oldest_at),
    stack.QUEUE_WORK_SECONDS: lambda queue: queue.work_seconds,
}


class StackMetrics(Collector):
    """Tells nothing where Redis does not answer, rather than what was."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def describe(self) -> Iterable[Family]:
        """Its names, without asking Redis."""
        return map(family, stack.STACK)

    def collect(self) -> Iterable[Family]:
        """All of it."""
        client = self._client
        try:
            queues, workers, tally, webhooks = (
                client.queues(),
                client.workers(),
                client.tally(),
                client.webhooks.backlog(),
            )
        except StackUnavailable:
            return ()
        return (*_of_queues(queues), _consumers(workers), *_counted(tally), *_of_webhooks(webhooks))


def _of_queues(queues: Iterable[QueueInfo]) -> Iterator[Family]:
    there = [*queues]
    for metric, value_of in OF_A_QUEUE.items():
        values = ((queue.stage, value_of(queue)) for queue in there)
        yield family(metric, (([stage], value) for stage, value in values if value is not None))


def _consumers(workers: Iterable[WorkerInfo]) -> Family:
    serving = [worker.stage for worker in workers if worker.state.takes_jobs]
    return family(stack.QUEUE_CONSUMERS, (([stage], serving.count(stage)) for stage in StageName))


def _counted(tally: Tally) -> Iterator[Family]:
    ends = (([end.kind, end.status, end.code or stack.NO_ERROR], count) for end, count in tally.finished.items())
    yield family(stack.JOBS_FINISHED, ends)
    yield family(stack.DEAD_LETTERS_TOTAL, (([what], count) for what, count in tally.buried.items()))
    yield family(stack.DEAD_LETTERS, [([], tally.dead_letters)])


def _of_webhooks(told: WebhookBacklog) -> Iterator[Family]:
    yield family(stack.WEBHOOK_PENDING, [([], told.outbox + told.pending + told.in_flight)])
    yield family(stack.WEBHOOK_OLDEST_DUE_TIMESTAMP_SECONDS, [([], _timestamp(told.oldest_due_at))])


def _timestamp(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()
