"""The sweeper: every worker runs one in turns. Nothing that it does harms when done twice, or when it dies half-way."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Self

from latentrelay.contracts import ArtifactKind
from latentrelay.errors import Conflict, LatentRelayError, NotFound
from latentrelay.jobs import RedisClient, keys
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from latentrelay.sweeper.audit import Audit, audit
from latentrelay.sweeper.due import Due
from latentrelay.sweeper.ended import Ended
from latentrelay.sweeper.orphans import Orphans
from latentrelay.sweeper.swept import Swept
from latentrelay.uploads import Uploads

log = logging.getLogger(__name__)

PAGES = 10
"""Pages of the bucket that a turn looks at for orphans."""
AGAIN_TURNS = 10
"""What a live job reads, or what failed, is looked at again after so many turns."""

Chore = tuple[str, Due, Callable[[str], int]]


class Sweeper:
    """Removes what has had its time.

    Args:
        redis: the client.
        store: where the objects lie.
        uploads: those of the same stack.
        settings: how long everything is kept.
    """

    def __init__(self, redis: RedisClient, store: S3Store, uploads: Uploads, settings: Settings) -> None:
        self._redis = redis
        self._store = store
        self._uploads = uploads
        self._settings = settings
        self._ended = Ended(redis, store, uploads)
        self._orphans = Orphans(redis, store, timedelta(seconds=settings.orphan_seconds))

    @classmethod
    def of(cls, redis: RedisClient, store: S3Store, settings: Settings) -> Self:
        """The sweeper as `settings` want it."""
        return cls(redis, store, Uploads(redis, store, settings.max_input_bytes), settings)

    def take_turn(self, owner: str) -> Swept:
        """Sweep for a bounded time, unless somebody did a moment ago; `owner` says who.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        every_seconds = self._settings.sweep_seconds
        if not self._redis.set(keys.SWEEPER, owner, nx=True, px=max(1, int(every_seconds * 1000))):
            return Swept()
        swept = self._sweep_due(time.monotonic() + every_seconds) + Swept(orphans=self._orphans.sweep(PAGES))
        if swept:
            log.info("swept", extra=asdict(swept))
        return swept

    def sweep_all(self) -> Swept:
        """Sweep all that is due now, however long it takes.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._sweep_due(float("inf")) + Swept(orphans=self._orphans.sweep_all())

    def purge(self, job_id: str) -> None:
        """Forget an ended job now, and remove all that it made and brought, by every attempt. It may be repeated.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it made or brought.
            StorageUnavailable: the store does not answer as it should.
        """
        self._ended.purge(job_id)

    def audit(self) -> Audit:
        """Hold the whole store against the records. Removes nothing.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return audit(self._redis, self._store, timedelta(seconds=self._settings.orphan_seconds))

    def _sweep_due(self, until: float) -> Swept:
        swept = Swept()
        for name, due, remove in self._chores():
            swept += self._sweep_class(name, due, remove, until)
        return swept

    def _sweep_class(self, name: str, due: Due, remove: Callable[[str], int], until: float) -> Swept:
        swept = Swept()
        for found in due.take(self._now_ms()):
            try:
                swept += Swept(**{name: remove(found)})
            except NotFound:
                due.done(found)
            except Conflict:  # a job that lives reads it: looked at again later
                pass
            except (LatentRelayError, ValueError) as error:  # ValueError: a record that this release cannot read
                log.warning("not swept", extra={"what": name, "id": found, "error": str(error)})
                swept += Swept(failed=1)
            else:
                due.done(found)
            if time.monotonic() > until:
                break
        return swept

    def _chores(self) -> Iterator[Chore]:
        ended, settings = self._ended, self._settings
        yield "leftovers", self._due(keys.to_sweep("leftovers"), 0), ended.leftovers
        yield (
            "latents",
            self._due(keys.to_sweep("latents"), settings.latents_seconds),
            self._strip(ArtifactKind.LATENTS),
        )
        yield "images", self._due(keys.to_sweep("images"), settings.images_seconds), self._strip(ArtifactKind.IMAGE)
        yield "inputs", self._due(keys.UPLOADS, settings.inputs_seconds), self._expire
        yield "records", self._due(keys.to_sweep("records"), settings.records_seconds), self._purge

    def _due(self, key: str, age_seconds: float) -> Due:
        return Due(self._redis, key, int(age_seconds * 1000), int(self._settings.sweep_seconds * AGAIN_TURNS * 1000))

    def _strip(self, kind: ArtifactKind) -> Callable[[str], int]:
        return lambda job_id: self._ended.strip(job_id, (kind,))

    def _expire(self, upload_id: str) -> int:
        if not self._uploads.expire(upload_id):
            raise Conflict
        return 1

    def _purge(self, job_id: str) -> int:
        self._ended.purge(job_id)
        return 1

    def _now_ms(self) -> int:
        seconds, microseconds = self._redis.time()  # the clock that ends are written by
        return int(seconds) * 1000 + int(microseconds) // 1000
