"""The artifact store on S3, through the `minio` client; MinIO and SeaweedFS alike."""

import io
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import BinaryIO

from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from latentrelay import lifecycle
from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.errors import (
    ArtifactLost,
    LatentRelayError,
    StorageRefuses,
    StorageUnavailable,
)
from latentrelay.objects import StoredObject, checked
from latentrelay.retention import Retention
from latentrelay.s3 import connect, outside, told
from latentrelay.settings import Settings

log = logging.getLogger(__name__)

LONGEST_LINK = 7 * 24 * 3600  # seconds; what S3's signature allows
_ONE_PART = 5 * 1024 * 1024  # bytes; the smallest part size of S3
_NOTHING = "inputs/nothing"  # a key under which nothing ever lies: every other has three parts


class S3Store:
    """Artifacts in one bucket. Safe between threads; make one per process, after forking.

    Args:
        client: an S3 client; `connect` makes one from settings.
        bucket: where everything lies.
        retention: what the rules of the bucket are made from.
        signer: a client by the name under which outsiders reach the store; `client` where it has one name.
    """

    page_size = 1000
    """Most objects that a store lists at once."""

    def __init__(self, client: Minio, bucket: str, retention: Retention, signer: Minio | None = None) -> None:
        self._client = client
        self._signer = signer or client
        self._bucket = bucket
        self._retention = retention

    @classmethod
    def connect(cls, settings: Settings) -> "S3Store":
        """The store that `settings` name; nothing is sent yet.

        Raises:
            StackUnavailable: they name none, or none that can be read.
        """
        return cls(connect(settings), settings.s3_bucket, Retention.of(settings), outside(settings))

    def ensure_bucket(self) -> None:
        """Make the bucket when missing, and give it rules by which the store removes what no sweeper did.

        A store that takes no rules is told in the log: they are a backstop.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        self.make_bucket()
        try:
            self._ensure_rules()
        except (LatentRelayError, ValueError) as error:  # ValueError: rules that minio's client cannot read
            log.warning("bucket rules not set", extra={"bucket": self._bucket, "error": str(error)})

    def make_bucket(self) -> None:
        """Make the bucket when missing, without any rules.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with told():
            if self._client.bucket_exists(bucket_name=self._bucket):
                return
            try:
                self._client.make_bucket(bucket_name=self._bucket)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):  # another process was first
                    raise

    def lacking_rules(self) -> tuple[ArtifactKind, ...]:
        """The kinds of objects that the store itself would never remove, or too early.

        Raises:
            StorageUnavailable, StorageRefuses: the store does not tell.
            ValueError: its rules cannot be read.
        """
        with told():
            found = self._client.get_bucket_lifecycle(bucket_name=self._bucket)
        return lifecycle.lacking(found, self._retention)

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Store `data` as `artifact` says.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        self.put_file(artifact, io.BytesIO(data))

    def put_file(self, artifact: Artifact, file: BinaryIO) -> None:
        """Store what `file` holds from where it stands, `artifact.bytes` long; it is in memory once, while it is sent.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with told():
            self._client.put_object(
                bucket_name=self._bucket,
                object_name=artifact.key,
                data=file,
                length=artifact.bytes,
                content_type=artifact.media_type,
                part_size=max(artifact.bytes, _ONE_PART),  # one request, whole or not at all
            )

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`, its SHA-256 checked.

        Raises:
            ArtifactLost: there is no such object.
            LatentsMismatch: these are not the latents that were stored.
            InputUndecodable: this is not the image that was stored.
            StorageUnavailable: the store does not answer as it should.
        """
        return b"".join(self.stream(artifact))

    def stream(self, artifact: Artifact) -> Iterator[bytes]:
        """The same in pieces; the last one comes only when the SHA-256 of all is right.

        Raises:
            ArtifactLost, StorageUnavailable: at once, as for `get`; the rest while the pieces are taken.
        """
        with told():
            response = self._client.get_object(bucket_name=self._bucket, object_name=artifact.key)
        return checked(response, artifact)

    def exists(self, key: str) -> bool:
        """Whether an object lies under `key`.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._size(key) is not None

    def has(self, artifact: Artifact) -> bool:
        """Whether the object is there, with as many bytes as `artifact` says.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._size(artifact.key) == artifact.bytes

    def delete(self, keys: Iterable[str]) -> None:
        """Remove these objects; those that are not there do no harm.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with told():
            objects = (DeleteObject(key) for key in keys)
            refused = [error.name for error in self._client.remove_objects(self._bucket, objects)]
        if refused:
            raise StorageUnavailable(f"the object store did not delete {len(refused)} objects, first {refused[0]}")

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object under `prefix`, a folder such as `latents/{job_id}/`.

        Raises:
            ValueError: it does not end with a slash: `images/a` would mean `images/abc` too.
            StorageUnavailable: the store does not answer as it should.
        """
        if not prefix.endswith("/"):
            raise ValueError(f"a prefix ends with a slash, got {prefix!r}")
        self.delete([found.key for found in self.under(prefix)])

    def page(self, prefix: str, after: str = "") -> tuple[StoredObject, ...]:
        """The first objects under `prefix` that the store lists after the key `after`, at most `page_size`.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with told():
            found = self._client.list_objects(self._bucket, prefix=prefix, recursive=True, start_after=after or None)
            return tuple(
                StoredObject(item.object_name, item.size or 0, item.last_modified)
                for item in islice(found, self.page_size)
                if item.object_name and item.last_modified
            )

    def under(self, prefix: str) -> Iterator[StoredObject]:
        """Every object under `prefix`.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        page = self.page(prefix)
        yield from page
        while len(page) == self.page_size:
            page = self.page(prefix, page[-1].key)
            yield from page

    def now(self) -> datetime:
        """The store's clock, to the second: what `StoredObject.changed_at` is to be held against.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with told():
            try:
                headers = self._client.stat_object(bucket_name=self._bucket, object_name=_NOTHING).metadata or {}
            except S3Error as error:
                if error.code != "NoSuchKey":
                    raise
                headers = error.response.headers
        return parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)

    def presigned(self, key: str, seconds: int) -> str:
        """A link that lets anybody download `key` for `seconds` (1 to `LONGEST_LINK`); it asks the store nothing."""
        lifetime = timedelta(seconds=min(max(seconds, 1), LONGEST_LINK))
        return self._signer.presigned_get_object(bucket_name=self._bucket, object_name=key, expires=lifetime)

    def _size(self, key: str) -> int | None:
        """Bytes, or None where there is no such object."""
        try:
            with told():
                return self._client.stat_object(bucket_name=self._bucket, object_name=key).size
        except ArtifactLost:
            return None

    def _ensure_rules(self) -> None:
        with told():
            found = self._client.get_bucket_lifecycle(bucket_name=self._bucket)
            if not lifecycle.lacking(found, self._retention):
                return
            if lifecycle.has_others(found):
                raise StorageRefuses("the bucket has rules of somebody else, which are left alone")
            self._client.set_bucket_lifecycle(self._bucket, lifecycle.lengthened(found, self._retention))
