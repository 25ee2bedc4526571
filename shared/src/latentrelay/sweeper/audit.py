"""The proof: every object held against the records, and every record against the store."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from latentrelay.contracts import ArtifactKind
from latentrelay.jobs import RedisClient, keys
from latentrelay.objects import StoredObject
from latentrelay.storage import S3Store
from latentrelay.sweeper.orphans import FIRST, rounds
from latentrelay.sweeper.owners import look, owner_of
from latentrelay.sweeper.ownership import Ownership

CHUNK = 500


@dataclass(frozen=True)
class Holding:
    """What the store holds of one kind."""

    kind: ArtifactKind
    objects: int
    bytes: int
    young: int
    """Objects that nobody names yet: too new to be called orphans."""
    orphaned: tuple[str, ...]
    """Keys of objects that nobody names."""
    missing: tuple[str, ...]
    """Keys that a record or an upload names, and that are not there."""

    @property
    def is_sound(self) -> bool:
        """Whether everything is accounted for."""
        return not self.orphaned and not self.missing


@dataclass(frozen=True)
class Audit:
    """What the store holds, by kind."""

    holdings: tuple[Holding, ...]
    is_foreign: bool
    """Whether the bucket is another stack's: no orphan is removed."""

    @property
    def is_sound(self) -> bool:
        """Whether everything is accounted for, in a bucket that is not another stack's."""
        return not self.is_foreign and all(holding.is_sound for holding in self.holdings)


def audit(redis: RedisClient, store: S3Store, orphan_age: timedelta) -> Audit:
    """Look at every object and every record once. Jobs may go on meanwhile.

    Raises:
        StorageUnavailable: the store does not answer as it should.
    """
    oldest = store.now() - orphan_age
    listed: dict[str, int] = {}
    unnamed: list[StoredObject] = []
    for page, after in rounds(store, FIRST):
        listed |= {found.key: found.bytes for found in page}
        unnamed += _unnamed(redis, page)
        if after == FIRST:
            break
    young = [found.key for found in unnamed if found.changed_at > oldest]
    missing = list(_missing(redis, store, listed.keys()))
    # asked last: what a sweeper had let a record forget is gone by now
    orphaned = [found.key for found in unnamed if found.changed_at <= oldest and store.exists(found.key)]
    holdings = tuple(_holding(kind, listed, young, orphaned, missing) for kind in ArtifactKind)
    return Audit(holdings, Ownership(redis, store).is_foreign())


def _unnamed(redis: RedisClient, page: Iterable[StoredObject]) -> list[StoredObject]:
    """A key that nobody of ours wrote has no owner: no sweeper removes it, and somebody should know."""
    owned = [(found, owner_of(found.key)) for found in page]
    owners = look(redis, {owner for _, owner in owned if owner})
    return [found for found, owner in owned if owner is None or not owners[owner].keeps(found.key)]


def _missing(redis: RedisClient, store: S3Store, there: Collection[str]) -> Iterator[str]:
    """Keys that are named and were not listed. They may have been made or swept since: both sides are asked again."""
    for owner_ids in _chunks(_owner_ids(redis)):
        named = _named(redis, owner_ids)
        absent = [key for key in named if key not in there and not store.exists(key)]
        yield from sorted(_named(redis, [owner for key in absent if (owner := owner_of(key))]) & set(absent))


def _chunks(found: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def _owner_ids(redis: RedisClient) -> Iterator[str]:
    for index in (keys.index(), keys.UPLOADS):
        yield from (owner_id for owner_id, _ in redis.zscan_iter(index, count=CHUNK))


def _named(redis: RedisClient, owner_ids: Collection[str]) -> set[str]:
    return {key for owner in look(redis, owner_ids).values() for key in owner.named}


def _holding(
    kind: ArtifactKind, listed: Mapping[str, int], young: Iterable[str], orphaned: Iterable[str], missing: Iterable[str]
) -> Holding:
    def of_kind(found: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({key for key in found if key.startswith(f"{kind}/")}))

    sizes = [size for key, size in listed.items() if key.startswith(f"{kind}/")]
    return Holding(kind, len(sizes), sum(sizes), len(of_kind(young)), of_kind(orphaned), of_kind(missing))
