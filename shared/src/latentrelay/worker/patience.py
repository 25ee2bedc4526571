"""Waiting for Redis or the store to come back: computed work is held, not thrown away."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from latentrelay.contracts import Artifact
from latentrelay.errors import StorageUnavailable
from latentrelay.stage import ArtifactStore, Report

log = logging.getLogger(__name__)

Made = TypeVar("Made")


def delays(first: float = 0.2, most: float = 5.0) -> Iterator[float]:
    """Seconds to wait between tries: doubling to `most`, each with jitter, for ever."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.0)  # noqa: S311  # jitter is no secret
        delay = min(delay * 2, most)


def insist(
    call: Callable[[], Made], awaited: tuple[type[Exception], ...], still_wanted: Callable[[], None] = lambda: None
) -> Made:
    """Repeat `call` while it raises one of `awaited`; `still_wanted` ends the wait by raising."""
    for delay in delays():
        try:
            return call()
        except awaited as error:
            log.warning("waiting", extra={"seconds": round(delay, 1), "error": str(error)})
            still_wanted()
            time.sleep(delay)
    raise AssertionError("delays never end")


class PatientStore:
    """A store that waits for its server, until the job is no longer wanted."""

    def __init__(self, store: ArtifactStore, report: Report) -> None:
        self._store = store
        self._report = report

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Store, however long it takes."""
        insist(lambda: self._store.put(artifact, data), (StorageUnavailable,), self._report.check)

    def get(self, artifact: Artifact) -> bytes:
        """Read, however long it takes."""
        return insist(lambda: self._store.get(artifact), (StorageUnavailable,), self._report.check)
