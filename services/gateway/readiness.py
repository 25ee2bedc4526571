"""Whether jobs that come in now would be worked on, and what they lack."""

from collections.abc import Iterable, Iterator

from latentrelay.client import Client
from latentrelay.contracts import StageName, Told, WorkerInfo, WorkerState
from latentrelay.errors import RetryableError, StackUnavailable
from services.gateway.bounds.shared_call import SharedCall

SERVING = tuple(state for state in WorkerState if state.takes_jobs)
LOOK_SECONDS = 3.0


class Readiness(Told):
    """Ready where nothing lacks."""

    ready: bool
    lacks: tuple[str, ...]
    """A sentence for each thing that does not answer or is not there."""


async def readiness(looks: SharedCall[tuple[str, ...]], within: float = LOOK_SECONDS) -> Readiness:
    """What a look finds that lacks, or that it takes longer than `within` seconds."""
    try:
        lacks = await looks.answer(within)
    except TimeoutError:
        lacks = (f"Redis and the object store have not answered within {within:g} s.",)
    return Readiness(ready=not lacks, lacks=lacks)


def what_lacks(client: Client, stages: Iterable[str]) -> tuple[str, ...]:
    """Ask Redis, the store, and for the workers of `stages`."""
    try:
        workers = client.workers()
    except StackUnavailable:
        return ("Redis does not answer.",)
    return (*_store_lacks(client), *stages_lacking(workers, stages))


def stages_lacking(workers: Iterable[WorkerInfo], stages: Iterable[str]) -> Iterator[str]:
    """A sentence for each of `stages` that none of `workers` serves."""
    served: set[StageName] = {worker.stage for worker in workers if worker.state in SERVING}
    return (f"No worker of {stage} is ready." for stage in sorted(stages) if stage not in served)


def _store_lacks(client: Client) -> Iterator[str]:
    try:
        client.check_store()
    except RetryableError:
        yield "The object store does not answer as it should."
