"""A thread of its own for the sweeper: a store that hangs must not keep a worker from telling that it is alive."""

import logging
import threading
from collections.abc import Callable
from typing import Self

from redis.exceptions import RedisError

from latentrelay.errors import LatentRelayError
from latentrelay.jobs import RedisClient
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from latentrelay.sweeper import Sweeper

log = logging.getLogger(__name__)


class Sweeping:
    """Sweeps in turns with the other workers until the process ends.

    Args:
        store: its bucket is made and gets its rules first, once that succeeds.
        sweeper: who sweeps.
        owner: this process, as others see it.
        every_seconds: between turns.
    """

    def __init__(self, store: S3Store, sweeper: Sweeper, owner: str, every_seconds: float) -> None:
        self._store = store
        self._sweeper = sweeper
        self._owner = owner
        self._every_seconds = every_seconds
        self._over = threading.Event()

    @classmethod
    def of(cls, redis: RedisClient, settings: Settings, owner: str) -> Self:
        """The sweeping that `settings` want; with a store of its own, so that nobody waits for its connections."""
        store = S3Store.connect(settings)
        return cls(store, Sweeper.of(redis, store, settings), owner, settings.sweep_seconds)

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._keep, name="sweeping", daemon=True).start()

    def stop(self) -> None:
        """Take no more turns; one that is under way may be cut off anywhere."""
        self._over.set()

    def _keep(self) -> None:
        ensured = self._try(self._store.ensure_bucket)
        while not self._over.wait(self._every_seconds):
            ensured = ensured or self._try(self._store.ensure_bucket)
            self._try(lambda: self._sweeper.take_turn(self._owner))

    def _try(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except (LatentRelayError, RedisError) as error:
            log.warning("not swept", extra={"error": f"{type(error).__name__}: {error}"})
        except Exception:
            log.exception("sweeping broke")  # the thread goes on: without it the store fills
        else:
            return True
        return False
