"""Whether jobs that come in now would be worked on, and what they lack."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from latentrelay.client import Client
from latentrelay.contracts import StageName, Told, WorkerInfo, WorkerState
from latentrelay.errors import RetryableError, StackUnavailable

SERVING = (WorkerState.READY, WorkerState.BUSY)
LOOK_SECONDS = 3.0


class Readiness(Told):
    """Ready where nothing lacks."""

    ready: bool
    lacks: tuple[str, ...]
    """A sentence for each thing that does not answer or is not there."""


class Looks:
    """Looks for what lacks, in a thread of its own, one look at a time: those who ask meanwhile share its answer.

    So a server that hangs holds one thread, however often somebody asks.

    Args:
        look: tells what lacks.
    """

    def __init__(self, look: Callable[[], tuple[str, ...]]) -> None:
        self._look = look
        self._thread = ThreadPoolExecutor(1, "readiness")
        self._under_way: asyncio.Future[tuple[str, ...]] | None = None

    async def readiness(self, within: float = LOOK_SECONDS) -> Readiness:
        """What the look finds, or that it takes longer than `within` seconds."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        try:
            lacks = await asyncio.wait_for(asyncio.shield(self._under_way), within)
        except TimeoutError:
            lacks = (f"Redis and the object store have not answered within {within:g} s.",)
        return Readiness(ready=not lacks, lacks=lacks)

    def close(self) -> None:
        """Look no more; a look that is under way ends by itself."""
        self._thread.shutdown(wait=False)


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
