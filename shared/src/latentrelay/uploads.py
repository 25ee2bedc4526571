"""Images that come from outside: stored first, then named by an upload id."""

import hashlib
import uuid

from latentrelay.contracts import Artifact, ArtifactKind, input_key
from latentrelay.errors import InputTooLarge, InvalidRequest, NotFound
from latentrelay.jobs import RedisClient
from latentrelay.jobs.keys import ROOT
from latentrelay.stage import ArtifactStore


class Uploads:
    """The uploads of one stack. They are decoded by the stage that reads them, never here."""

    def __init__(self, redis: RedisClient, store: ArtifactStore, max_bytes: int) -> None:
        self._redis = redis
        self._store = store
        self._max_bytes = max_bytes

    def put(self, data: bytes, owner_id: str | None = None) -> Artifact:
        """Store an image file under an id of its own, or under that of the job it came with: its upload id.

        Raises:
            InvalidRequest: there is nothing in it.
            InputTooLarge: it is larger than allowed.
            StorageUnavailable: the store does not answer as it should.
        """
        if not data:
            raise InvalidRequest.at("image", "is empty")
        if len(data) > self._max_bytes:
            raise InputTooLarge(f"The image has {len(data)} bytes; at most {self._max_bytes} are allowed.")
        upload = Artifact(
            kind=ArtifactKind.INPUT,
            key=input_key(owner_id or uuid.uuid4().hex),
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            media_type="application/octet-stream",
        )
        self._store.put(upload, data)
        self._redis.set(_key(upload_id(upload)), upload.model_dump_json())
        return upload

    def get(self, wanted: str) -> Artifact:
        """The upload of that id.

        Raises:
            NotFound: there is no such upload.
        """
        told = self._redis.get(_key(wanted))
        if told is None:
            raise NotFound(f"There is no upload {wanted}.")
        return Artifact.model_validate_json(told)

    def forget(self, wanted: str) -> None:
        """Make the id unknown; the object is the caller's to remove."""
        self._redis.delete(_key(wanted))


def upload_id(upload: Artifact) -> str:
    """The id of an upload: the owner in its key."""
    return upload.key.split("/")[1]


def _key(wanted: str) -> str:
    return f"{ROOT}upload:{wanted}"
