"""Whose bucket it is. A Redis that is empty, or another's, names none of its objects: all would be orphans to it."""

import uuid
from hashlib import sha256

from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.errors import ArtifactLost, InputUndecodable
from latentrelay.jobs import RedisClient, keys
from latentrelay.storage import S3Store

MARK = "latentrelay-stack"
"""Key of the object that holds the owner's id: at the root, where no round and no rule of the bucket comes by."""
FOREIGN = "the bucket belongs to another stack, or to this one before it lost its Redis; orphans are left alone"
WAY_OUT = f"remove its object {MARK} to let this stack own it"


class Ownership:
    """A stack owns the bucket whose mark holds the id that the stack's Redis holds.

    All of it raises StorageUnavailable where the store does not answer as it should.
    """

    def __init__(self, redis: RedisClient, store: S3Store) -> None:
        self._redis = redis
        self._store = store

    def take(self) -> bool:
        """Mark the bucket as this stack's where nobody did; whether it is this stack's."""
        self._redis.set(keys.STACK, uuid.uuid4().hex, nx=True)
        stack_id = self._redis.get(keys.STACK)
        if stack_id and not self._store.exists(MARK):
            self._store.put(_mark(stack_id), stack_id.encode())
        return self.is_ours()  # read again: of two that marked it at once, the later one did

    def is_ours(self) -> bool:
        """Whether the bucket is this stack's. Marks nothing."""
        stack_id = self._redis.get(keys.STACK)
        return stack_id is not None and self._is_marked(stack_id)

    def is_foreign(self) -> bool:
        """Whether the bucket is another stack's; one that is nobody's is not. Marks nothing."""
        return not self.is_ours() and self._store.exists(MARK)

    def _is_marked(self, stack_id: str) -> bool:
        try:
            self._store.get(_mark(stack_id))
        except (ArtifactLost, InputUndecodable):  # no mark, or one of other bytes
            return False
        return True


def _mark(stack_id: str) -> Artifact:
    data = stack_id.encode()
    return Artifact(
        kind=ArtifactKind.INPUT, key=MARK, sha256=sha256(data).hexdigest(), bytes=len(data), media_type="text/plain"
    )
