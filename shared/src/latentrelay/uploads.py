"""Images that come from outside: stored first, then named by an upload id."""

import hashlib
import json
import os
import uuid
from copy import copy
from io import BytesIO
from typing import BinaryIO, Self

from latentrelay.contracts import Artifact, ArtifactKind, input_key
from latentrelay.errors import InputTooLarge, InvalidRequest, NotFound
from latentrelay.jobs import RedisClient, Scripts, keys
from latentrelay.storage import S3Store


class Uploads:
    """The uploads of one stack. They are decoded by the stage that reads them, never here.

    Args:
        redis: where they are recorded.
        store: where they lie.
        max_bytes: of one.
        tenant: whose those that are put are.
    """

    def __init__(self, redis: RedisClient, store: S3Store, max_bytes: int, tenant: str = "default") -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._store = store
        self._max_bytes = max_bytes
        self._tenant = tenant
        self._confined = False

    def confined_to(self, tenant: str, *, sees_all: bool = False) -> Self:
        """The same uploads as `tenant` may put and see them: unless it `sees_all`, another's are not there."""
        confined = copy(self)
        confined._tenant, confined._confined = tenant, not sees_all
        return confined

    def put(self, data: bytes, owner_id: str | None = None) -> Artifact:
        """Store an image file under an id of its own, or under that of the job it came with: its upload id.

        Raises:
            InvalidRequest: there is nothing in it.
            InputTooLarge: it is larger than allowed.
            StorageUnavailable: the store does not answer as it should.
        """
        return self.put_file(BytesIO(data), owner_id)

    def put_file(self, file: BinaryIO, owner_id: str | None = None) -> Artifact:
        """The same, of a file that can be sought; it stays open.

        The object comes first: one that nobody names, after a crash in between, is found by the sweeper.

        Raises:
            InvalidRequest, InputTooLarge, StorageUnavailable: as for `put`.
        """
        size = file.seek(0, os.SEEK_END)
        self.check(size)
        file.seek(0)
        upload = Artifact(
            kind=ArtifactKind.INPUT,
            key=input_key(owner_id or uuid.uuid4().hex),
            sha256=hashlib.file_digest(file, "sha256").hexdigest(),  # type: ignore[arg-type]  # typeshed forgot readinto
            bytes=size,
            media_type="application/octet-stream",
        )
        file.seek(0)
        self._store.put_file(upload, file)
        self._record(upload_id(upload), upload)
        return upload

    def put_once(self, file: BinaryIO, idempotency_key: str) -> Artifact:
        """The same; the same key and file again are the same upload, so that a request that names it is the same too.

        Raises:
            InvalidRequest, InputTooLarge, StorageUnavailable: as for `put`.
        """
        file.seek(0)
        held = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # as above
        named = hashlib.sha256(f"{held} {self._tenant} {idempotency_key}".encode())  # no other three read like these
        return self.put_file(file, named.hexdigest()[:32])

    def check(self, size: int) -> None:
        """Refuse an image file of so many bytes that may not be stored.

        Raises:
            InvalidRequest: there is nothing in it.
            InputTooLarge: it is larger than allowed.
        """
        if not size:
            raise InvalidRequest.at("image", "is empty")
        if size > self._max_bytes:
            raise InputTooLarge(f"The image has {size} bytes; at most {self._max_bytes} are allowed.")

    def get(self, wanted: str) -> Artifact:
        """The upload of that id.

        Raises:
            NotFound: there is no such upload, or it is another tenant's.
        """
        told = json.loads(self._redis.get(keys.upload(wanted)) or "null")
        if told is None or (self._confined and told["tenant"] != self._tenant):
            raise NotFound(f"There is no upload {wanted}.")
        return Artifact.model_validate(told["artifact"])

    def forget(self, wanted: str) -> bool:
        """Make the id unknown, unless a job that lives reads it; the object is the caller's to remove."""
        return bool(self._scripts.run("forget_upload", wanted) == "forgotten")

    def remove(self, wanted: str) -> bool:
        """Forget an upload and remove its object, unless a job that lives reads it.

        Raises:
            StorageUnavailable: the store does not answer as it should; the sweeper will find the object.
        """
        if not self.forget(wanted):
            return False
        self._store.delete([input_key(wanted)])
        return True

    def expire(self, wanted: str) -> bool:
        """Let no new job read an upload, and remove it as soon as no job that lives does: whether it is removed.

        Raises:
            StorageUnavailable: as for `remove`.
        """
        self._redis.delete(keys.upload(wanted))
        return self.remove(wanted)

    def _record(self, uploaded: str, upload: Artifact) -> None:
        seconds, microseconds = self._redis.time()  # by whose clock all that is swept has its age
        with self._redis.pipeline() as pipe:
            pipe.set(keys.upload(uploaded), _told(self._tenant, upload))
            pipe.zadd(keys.UPLOADS, {uploaded: seconds * 1000 + microseconds // 1000})
            pipe.execute()


def _told(tenant: str, upload: Artifact) -> str:
    return json.dumps({"tenant": tenant, "artifact": upload.model_dump(mode="json", exclude_none=True)})


def upload_id(upload: Artifact) -> str:
    """The id of an upload: the owner in its key."""
    return upload.key.split("/")[1]
