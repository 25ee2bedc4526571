"""Waiting for Redis or the store to come back: computed work is held, not thrown away."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from latentrelay.contracts import Artifact
from latentrelay.errors import StorageUnavailable
from latentrelay.stage import ArtifactStore

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25

Made = TypeVar("Made")


def delays(first: float = 0.2, most: float = 5.0) -> Iterator[float]:
    """Seconds to wait between tries: doubling to `most`, each with jitter, for ever."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.0)  # noqa: S311  # jitter is no secret
        delay = min(delay * 2, most)


class Patience:
    """Repeats what fails because a server is away.

    Args:
        still_wanted: ends a wait by raising; asked often.
        tell: takes what is waited for, and None when the wait is over.
    """

    def __init__(self, still_wanted: Callable[[], None], tell: Callable[[str | None], None]) -> None:
        self._still_wanted = still_wanted
        self._tell = tell

    def insist(self, call: Callable[[], Made], awaited: tuple[type[Exception], ...]) -> Made:
        """What `call` returns, repeated while it raises one of `awaited`."""
        for tries, delay in enumerate(delays()):
            try:
                made = call()
            except awaited as error:
                log.warning("waiting", extra={"seconds": round(delay, 1), "error": str(error)})
                self._tell(str(error))
                self._wait(delay)
            else:
                if tries:
                    log.info("waited", extra={"tries": tries})
                    self._tell(None)
                return made
        raise AssertionError("delays never end")

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._still_wanted()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
            self._still_wanted()


class PatientStore:
    """A store that waits for its server, however long it takes, until the job is no longer wanted."""

    def __init__(self, store: ArtifactStore, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Store `data` as `artifact` says."""
        self._patience.insist(lambda: self._store.put(artifact, data), (StorageUnavailable,))

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`."""
        return self._patience.insist(lambda: self._store.get(artifact), (StorageUnavailable,))

    def has(self, artifact: Artifact) -> bool:
        """Whether the object is there."""
        return self._patience.insist(lambda: self._store.has(artifact), (StorageUnavailable,))
