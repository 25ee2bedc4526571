"""Objects that nobody names: found by going round the bucket, page by page."""

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from latentrelay.contracts import ArtifactKind
from latentrelay.jobs import RedisClient, keys
from latentrelay.objects import StoredObject
from latentrelay.storage import S3Store
from latentrelay.sweeper.owners import look, owner_of
from latentrelay.sweeper.ownership import FOREIGN, WAY_OUT, Ownership

log = logging.getLogger(__name__)

FIRST = f"{ArtifactKind.LATENTS}/"
_PREFIXES = [f"{kind}/" for kind in ArtifactKind]


def rounds(store: S3Store, after: str) -> Iterator[tuple[tuple[StoredObject, ...], str]]:
    """Page after page of all that is ours in the bucket, for ever, and where each one's successor begins.

    Raises:
        StorageUnavailable: the store does not answer as it should.
    """
    while True:
        prefix = next((prefix for prefix in _PREFIXES if after.startswith(prefix)), FIRST)
        page = store.page(prefix, "" if after == prefix else after)
        following = _PREFIXES[(_PREFIXES.index(prefix) + 1) % len(_PREFIXES)]
        after = page[-1].key if len(page) == store.page_size else following
        yield page, after


class Orphans:
    """Removes objects that no record and no upload names, once they are old enough to be no work in progress.

    In a bucket of another stack it removes nothing, and says so once.
    """

    def __init__(self, redis: RedisClient, store: S3Store, age: timedelta) -> None:
        self._redis = redis
        self._store = store
        self._age = age
        self._ownership = Ownership(redis, store)
        self._has_told = False

    def sweep(self, pages: int) -> int:
        """Go on where the last one stopped, over at most so many pages or to the round's end: how many were removed.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        if not self._may():
            return 0
        removed, after = self._go_round(self._redis.get(keys.SWEEPER_AFTER) or FIRST, pages)
        self._redis.set(keys.SWEEPER_AFTER, after)
        return removed

    def sweep_all(self) -> int:
        """A whole round.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._go_round(FIRST, pages=None)[0] if self._may() else 0

    def _may(self) -> bool:
        ours = self._ownership.take()
        if not ours and not self._has_told:
            log.warning("orphans not swept", extra={"detail": f"{FOREIGN}; {WAY_OUT}"})
            self._has_told = True
        return ours

    def _go_round(self, start: str, pages: int | None) -> tuple[int, str]:
        oldest, removed, after = self._store.now() - self._age, 0, start
        for page, after in islice(rounds(self._store, start), pages):
            removed += self._remove(found.key for found in page if found.changed_at <= oldest)
            if after == FIRST:
                break
        return removed, after

    def _remove(self, old: Iterable[str]) -> int:
        """The objects were listed before their owners are read: what is named meanwhile is seen to be named."""
        owned = {key: owner for key in old if (owner := owner_of(key))}
        owners = look(self._redis, set(owned.values()))
        unnamed = [key for key, owner in owned.items() if not owners[owner].keeps(key)]
        if not unnamed or not self._ownership.is_ours():  # asked after the owners: Redis may have been emptied before
            return 0
        self._store.delete(unnamed)
        return len(unnamed)
