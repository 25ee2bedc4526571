"""Whether jobs that come in now would be worked on, and what they lack."""

from collections.abc import Iterable, Iterator

from latentrelay.client import Client
from latentrelay.contracts import StageName, StageState, Told, WorkerInfo
from latentrelay.errors import RetryableError, StackUnavailable
from services.gateway.bounds.shared_call import SharedCall

LOOK_SECONDS = 3.0


class Readiness(Told):
    """Ready where nothing lacks."""

    ready: bool
    lacks: tuple[str, ...]
    """A sentence for each thing that does not answer or is not there."""
    notes: tuple[str, ...] = ()
    """A sentence for each stage that somebody has paused or is draining: this gateway serves all the same."""


async def readiness(looks: SharedCall[Readiness], within: float = LOOK_SECONDS) -> Readiness:
    """What a look finds, or that it takes longer than `within` seconds."""
    try:
        return await looks.answer(within)
    except TimeoutError:
        return _lacking(f"Redis and the object store have not answered within {within:g} s.")


def look(client: Client, stages: Iterable[str]) -> Readiness:
    """Ask Redis, the store, and for the workers of `stages`."""
    try:
        workers, states = client.workers(), client.states()
    except StackUnavailable:
        return _lacking("Redis does not answer.")
    notes = tuple(f"{stage} is {state}." for stage, state in states.items() if state is not StageState.OPEN)
    return _lacking(*_store_lacks(client), *stages_lacking(workers, stages), notes=notes)


def _lacking(*lacks: str, notes: tuple[str, ...] = ()) -> Readiness:
    return Readiness(ready=not lacks, lacks=lacks, notes=notes)


def stages_lacking(workers: Iterable[WorkerInfo], stages: Iterable[str]) -> Iterator[str]:
    """A sentence for each of `stages` that none of `workers` serves."""
    served: set[StageName] = {worker.stage for worker in workers if worker.state.takes_jobs}
    return (f"No worker of {stage} is ready." for stage in sorted(stages) if stage not in served)


def _store_lacks(client: Client) -> Iterator[str]:
    try:
        client.check_store()
    except RetryableError:
        yield "The object store does not answer as it should."
