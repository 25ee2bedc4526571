"""Who serves in a running stack, and what is worth telling when that changes. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from latentrelay.contracts import StageName, WorkerInfo

READY = 'all workers are there; try: latentrelay generate "a large red circle on a blue background" -o circle.png'


class Roll:
    """The workers that were told of.

    Args:
        counts: how many workers each stage should have.
    """

    def __init__(self, counts: Mapping[StageName, int]) -> None:
        self._counts = counts
        self._since: dict[str, float] = {}
        self._told: dict[str, WorkerInfo] = {}
        self._complete = False

    def look(self, workers: Iterable[WorkerInfo], now: float) -> Iterator[str]:
        """The lines that tell what has changed; `now` is in seconds. Those that cannot serve tell so by their end."""
        here = {worker.id: worker for worker in workers}
        for worker in here.values():
            self._since.setdefault(worker.id, now)
            if worker.state.takes_jobs and worker.id not in self._told:
                self._told[worker.id] = worker
                yield self._is_ready(worker, now - self._since[worker.id])
        for gone in [worker for worker in self._told.values() if worker.id not in here]:
            if instead := self._successor(gone):
                del self._told[gone.id]
                yield f"{_process(gone)} is gone; process {instead.pid} serves instead"
        if not self._complete and 0 < sum(self._counts.values()) <= len(self._told.keys() & here.keys()):
            self._complete = True
            yield READY

    def _is_ready(self, worker: WorkerInfo, seconds: float) -> str:
        several = self._counts.get(worker.stage, 1) > 1
        name = _process(worker) if several else str(worker.stage)
        return f"{name} is ready after {seconds:.1f} s ({', '.join(worker.model.values())})"

    def _successor(self, gone: WorkerInfo) -> WorkerInfo | None:
        """Who came after `gone`: a killed worker is missed some seconds later. None where the stack is stopping."""
        since = self._since[gone.id]
        later = [other for other in self._told.values() if self._since[other.id] > since]
        return next((other for other in later if other.stage is gone.stage), None)


def _process(worker: WorkerInfo) -> str:
    return f"{worker.stage} (process {worker.pid})"
