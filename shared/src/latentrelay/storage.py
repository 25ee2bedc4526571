"""The artifact store on S3, through the `minio` client; MinIO and SeaweedFS alike."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.errors import (
    ArtifactLost,
    InputUndecodable,
    LatentsMismatch,
    StackUnavailable,
    StorageRefuses,
    StorageUnavailable,
)
from latentrelay.settings import Settings

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
LONGEST_LINK = 7 * 24 * 3600  # seconds; what S3's signature allows
_ONE_PART = 5 * 1024 * 1024  # bytes; the smallest part size of S3
_SERVER_ERROR = 500  # HTTP status from which on waiting may help


class S3Store:
    """Artifacts in one bucket. Safe between threads; make one per process, after forking.

    Args:
        client: an S3 client; `connect` makes one from settings.
        bucket: where everything lies.
    """

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    def connect(cls, settings: Settings) -> "S3Store":
        """The store that `settings` name; nothing is sent yet.

        Raises:
            StackUnavailable: they name none, or none that can be read.
        """
        if settings.s3_endpoint is None:
            raise StackUnavailable("LATENTRELAY_S3_ENDPOINT is not set and no stack was located")
        endpoint = urlsplit(settings.s3_endpoint)
        if endpoint.scheme not in ("http", "https") or not endpoint.netloc or endpoint.path.strip("/"):
            raise StackUnavailable("LATENTRELAY_S3_ENDPOINT is no endpoint, like http://host:9000.")
        client = Minio(
            endpoint=endpoint.netloc,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=endpoint.scheme == "https",
            region=settings.s3_region,  # given, it need not be asked for before a link is signed
            http_client=_http(),
        )
        return cls(client, settings.s3_bucket)

    def ensure_bucket(self) -> None:
        """Make the bucket when missing.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with _told():
            if not self._client.bucket_exists(bucket_name=self._bucket):
                self._make_bucket()

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Store `data` as `artifact` says.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with _told():
            self._client.put_object(
                bucket_name=self._bucket,
                object_name=artifact.key,
                data=io.BytesIO(data),
                length=len(data),
                content_type=artifact.media_type,
                part_size=max(len(data), _ONE_PART),  # one request, whole or not at all
            )

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`, its SHA-256 checked.

        Raises:
            ArtifactLost: there is no such object.
            LatentsMismatch: these are not the latents that were stored.
            InputUndecodable: this is not the image that was stored.
            StorageUnavailable: the store does not answer as it should.
        """
        with _told():
            response = self._client.get_object(bucket_name=self._bucket, object_name=artifact.key)
            try:
                data = response.read()
            finally:
                response.close()
                response.release_conn()
        if sha256(data).hexdigest() != artifact.sha256:
            mismatch = LatentsMismatch if artifact.kind is ArtifactKind.LATENTS else InputUndecodable
            raise mismatch(f"the stored bytes of {artifact.key} are not those that were written")
        return data

    def exists(self, key: str) -> bool:
        """Whether an object lies under `key`.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        try:
            with _told():
                self._client.stat_object(bucket_name=self._bucket, object_name=key)
        except ArtifactLost:
            return False
        return True

    def has(self, artifact: Artifact) -> bool:
        """Whether the object is there, with as many bytes as `artifact` says.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        try:
            with _told():
                found = self._client.stat_object(bucket_name=self._bucket, object_name=artifact.key)
        except ArtifactLost:
            return False
        return found.size == artifact.bytes

    def delete(self, keys: Iterable[str]) -> None:
        """Remove these objects; those that are not there do no harm.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        with _told():
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
        with _told():
            found = self._client.list_objects(self._bucket, prefix=prefix, recursive=True)
            keys = [item.object_name for item in found if item.object_name]
        self.delete(keys)

    def presigned(self, key: str, seconds: int) -> str:
        """A link that lets anybody download `key` for `seconds` (1 to `LONGEST_LINK`); it asks the store nothing."""
        lifetime = timedelta(seconds=min(max(seconds, 1), LONGEST_LINK))
        return self._client.presigned_get_object(bucket_name=self._bucket, object_name=key, expires=lifetime)

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(bucket_name=self._bucket)
        except S3Error as error:
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):  # another process was first
                raise


def _http() -> urllib3.PoolManager:
    """Give up soon: whoever asks knows better whether to try again."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    retries = urllib3.Retry(total=1, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504))
    return urllib3.PoolManager(timeout=timeout, retries=retries, maxsize=10)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what went wrong in our own words; no credentials, no signed URLs."""
    try:
        yield
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise ArtifactLost(f"the object store has no {error.object_name}") from error
        if error.response.status < _SERVER_ERROR:
            raise StorageRefuses(f"the object store refuses this ({error.code})") from error
        raise StorageUnavailable(f"the object store answers {error.code}") from error
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        raise StorageUnavailable(f"the object store does not answer ({type(error).__name__})") from error
