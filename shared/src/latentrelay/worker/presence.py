"""A thread that tells, every few seconds, that this process is alive and how it is, and looks after lost jobs."""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from latentrelay.contracts import StageName, WorkerInfo, WorkerState
from latentrelay.jobs import Workers
from latentrelay.jobs.workers import SILENT_SECONDS
from latentrelay.pulse import beat
from latentrelay.worker.doing import Doing
from latentrelay.worker.metering import Metering

log = logging.getLogger(__name__)


class Presence:
    """This process, as others see it. `id` is unique to it: a restarted process is another.

    Args:
        stage: which it runs.
        workers: all of them, among whom it tells that it is alive.
        every_seconds: how often.
        chore: called as often, with the id.
        metering: who measures it, and where that is told.
        pulse: a file in which it tells the same on this machine; Redis may be away.
    """

    def __init__(
        self,
        stage: StageName,
        workers: Workers,
        every_seconds: float,
        chore: Callable[[str], None],
        *,
        metering: Metering,
        pulse: Path | None = None,
    ) -> None:
        self.id = f"{stage}@{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self._workers = workers
        self._every_seconds = min(every_seconds, SILENT_SECONDS / 3)
        self._chore = chore
        self._meter = metering.meter
        self._pulse = pulse
        self._over = threading.Event()
        self._news = threading.Event()
        self._changing = threading.Lock()
        self._draining = False
        self._work = WorkerState.READY
        self._doing: Callable[[], Doing] | None = None
        self._memory: Callable[[], int] | None = None
        self._busy = metering.busy
        self._info = WorkerInfo(
            id=self.id,
            stage=stage,
            state=WorkerState.LOADING,
            host=socket.gethostname(),
            pid=os.getpid(),
            metrics_url=metering.url,
            started_at=datetime.now(UTC),
        )

    def start(self) -> None:
        """Begin telling."""
        self._tell()
        threading.Thread(target=self._keep, name="presence", daemon=True).start()

    def ready(self, model: Mapping[str, str], peak_bytes: int, memory: Callable[[], int]) -> None:
        """The model is loaded, which needed so much memory: this process takes jobs. `memory` is what it holds now."""
        self._memory = memory
        self._become(WorkerState.READY, model=dict(model), peak_bytes=peak_bytes)

    def needed(self, peak_bytes: int) -> None:
        """The most memory that it has needed so far."""
        self._become(self._info.state, peak_bytes=peak_bytes)

    def failed(self, detail: str) -> None:
        """The model or the device cannot serve; told at once, since the process ends."""
        self._become(WorkerState.FAILED, detail=detail)
        self._tell()

    def draining(self) -> None:
        """This process takes no other job."""
        self._draining = True
        self._become(self._info.state)

    def waits_for(self, server: str | None) -> None:
        """It waits for a server that is away, as `server` tells; or no longer, with None."""
        self._become(self._work if server is None else WorkerState.WAITING, detail=server)

    @contextmanager
    def busy(self, doing: Callable[[], Doing]) -> Iterator[None]:
        """Be busy inside, and ready afterwards; what is done is asked for whenever it is told."""
        self._work, self._doing = WorkerState.BUSY, doing
        self._become(WorkerState.BUSY)
        try:
            with self._busy.running():
                yield
        finally:
            self._work, self._doing = WorkerState.READY, None
            self._become(WorkerState.READY, detail=None)

    def leave(self) -> None:
        """Tell that this process ends."""
        self._over.set()
        self._news.set()
        self._try(lambda: self._workers.leave(self.id))

    def _become(self, state: WorkerState, **more: object) -> None:
        """The thread tells it: a Redis that hangs must not keep the work waiting."""
        with self._changing:
            if self._draining and state in (WorkerState.READY, WorkerState.BUSY):
                state = WorkerState.DRAINING
            self._info = self._info.model_copy(update={"state": state, **more})
            self._meter.became(state)
        self._news.set()

    def _keep(self) -> None:
        due = time.monotonic() + self._every_seconds
        while not self._over.is_set():
            self._news.wait(max(0.0, due - time.monotonic()))
            self._news.clear()
            if not self._over.is_set():
                self._tell()
            if time.monotonic() >= due:
                self._try(lambda: self._chore(self.id))
                due = time.monotonic() + self._every_seconds

    def _tell(self) -> None:
        if (file := self._pulse) is not None:
            self._try(lambda: beat(file, self._now()))
        self._try(lambda: self._workers.tell(self._now()))

    def _now(self) -> WorkerInfo:
        """What is told, at this moment."""
        ask, memory = self._doing, self._memory  # another thread may take them away
        told: dict[str, object] = {} if ask is None else asdict(ask())
        if memory is not None:
            told["memory_bytes"] = _held(memory)
        return self._info.model_copy(update={"busy_seconds": round(self._busy.seconds, 3), **told})

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  # the thread goes on: without it the worker looks dead and nobody reaps
            log.warning("not told", extra={"error": f"{type(error).__name__}: {error}"})


def _held(memory: Callable[[], int]) -> int | None:
    """None where the device does not answer: the worker is alive all the same."""
    try:
        return memory()
    except Exception as error:  # noqa: BLE001  # whatever a broken device raises
        log.warning("memory not told", extra={"error": type(error).__name__})
        return None
