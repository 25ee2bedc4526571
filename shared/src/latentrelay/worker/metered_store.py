"""A store that is measured: every try of it, so that one who waits for it tells how often it failed."""

import time
from collections.abc import Callable
from typing import TypeVar

from latentrelay.contracts import Artifact
from latentrelay.metrics.worker import Operation
from latentrelay.stage import ArtifactStore
from latentrelay.worker.meter import Meter

Answered = TypeVar("Answered")


class MeteredStore:
    """`store`, and what it takes and how it fails told to `meter`."""

    def __init__(self, store: ArtifactStore, meter: Meter) -> None:
        self._store = store
        self._meter = meter

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Store `data` as `artifact` says."""
        self._measured(Operation.PUT, lambda: self._store.put(artifact, data))

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`."""
        return self._measured(Operation.GET, lambda: self._store.get(artifact))

    def has(self, artifact: Artifact) -> bool:
        """Whether the object is there."""
        return self._measured(Operation.HAS, lambda: self._store.has(artifact))

    def _measured(self, operation: Operation, ask: Callable[[], Answered]) -> Answered:
        began, failed = time.monotonic(), True
        try:
            answer = ask()
            failed = False
        finally:
            self._meter.asked_store(operation, time.monotonic() - began, failed=failed)
        return answer
