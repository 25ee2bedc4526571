"""What the records say of the jobs and uploads in whose folders objects lie; read in batches."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from latentrelay.contracts import JobStatus, input_key
from latentrelay.jobs import RedisClient, keys

_ENDED = {status.value for status in JobStatus if status.is_terminal}


@dataclass(frozen=True)
class Owner:
    """A job or an upload, or a job that an image came with: the second part of a key."""

    status: str | None
    """Of the job; None where there is no such job."""
    made: frozenset[str]
    """Keys that its record names."""
    upload: str | None
    """Key of the upload of that id."""
    is_read: bool
    """Whether a job that lives reads any of it."""

    @property
    def lives(self) -> bool:
        """Whether it is a job that has not ended."""
        return self.status is not None and self.status not in _ENDED

    @property
    def named(self) -> frozenset[str]:
        """The objects that should be there."""
        return self.made if self.upload is None else self.made | {self.upload}

    def keeps(self, key: str) -> bool:
        """Whether the object under `key`, which lies in its folder, must stay."""
        return self.lives or self.is_read or key in self.named


def owner_of(key: str) -> str | None:
    """The job or upload in whose folder an object lies; None where nobody of ours stored it."""
    parts = key.split("/")
    return parts[1] if len(parts) > 2 else None  # noqa: PLR2004  # kind, owner, the rest


def look(redis: RedisClient, owner_ids: Collection[str]) -> dict[str, Owner]:
    """What Redis says of each, in one round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for owner_id in owner_ids:
            pipe.hmget(keys.job(owner_id), "status", "artifacts")
            pipe.exists(keys.upload(owner_id))
            pipe.zscore(keys.UPLOADS, owner_id)  # past its time, and still read
            pipe.exists(keys.refs(owner_id))
        told = pipe.execute()
    answers = (told[place : place + 4] for place in range(0, len(told), 4))
    return {owner_id: _owner(owner_id, *answer) for owner_id, answer in zip(owner_ids, answers, strict=True)}


def _owner(owner_id: str, record: Sequence[str | None], known: int, uploaded: float | None, read: int) -> Owner:
    status, artifacts = record
    made = frozenset(made["key"] for made in json.loads(artifacts or "[]"))
    upload = input_key(owner_id) if known or uploaded is not None else None
    return Owner(status, made, upload, bool(read))
