"""S3 as `minio` speaks it: the client, and what goes wrong in our own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from latentrelay.errors import ArtifactLost, StackUnavailable, StorageRefuses, StorageUnavailable
from latentrelay.settings import Settings

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
_SERVER_ERROR = 500  # HTTP status from which on waiting may help
_BUSY = (408, 429)  # below it, and of the moment all the same
_PASSING = ("RequestTimeout", "SlowDown", "OperationAborted", "NoSuchBucket")  # the last: it is being made


def connect(settings: Settings) -> Minio:
    """A client of the configured store; nothing is sent yet.

    Raises:
        StackUnavailable: none is configured, or none that can be read.
    """
    if settings.s3_endpoint is None:
        raise StackUnavailable("LATENTRELAY_S3_ENDPOINT is not set and no stack was located")
    return _client(settings, settings.s3_endpoint, "LATENTRELAY_S3_ENDPOINT")


def outside(settings: Settings) -> Minio | None:
    """A client by the name under which outsiders reach the store, for signing links; None where it has no other.

    Raises:
        StackUnavailable: the name cannot be read.
    """
    if settings.s3_public_endpoint is None:
        return None
    return _client(settings, settings.s3_public_endpoint, "LATENTRELAY_S3_PUBLIC_ENDPOINT")


def _client(settings: Settings, url: str, variable: str) -> Minio:
    endpoint = urlsplit(url)
    if endpoint.scheme not in ("http", "https") or not endpoint.netloc or endpoint.path.strip("/"):
        raise StackUnavailable(f"{variable} is no endpoint, like http://host:9000.")
    return Minio(
        endpoint=endpoint.netloc,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
        secure=endpoint.scheme == "https",
        region=settings.s3_region,  # given, it need not be asked for before a link is signed
        http_client=_http(),
    )


def _http() -> urllib3.PoolManager:
    """Give up soon: whoever asks knows better whether to try again."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    retries = urllib3.Retry(total=1, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504))
    return urllib3.PoolManager(timeout=timeout, retries=retries, maxsize=10)


@contextmanager
def told() -> Iterator[None]:
    """Tell what went wrong in our own words; no credentials, no signed URLs."""
    try:
        yield
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise ArtifactLost(f"the object store has no {error.object_name}") from error
        if _helps_waiting(error):
            raise StorageUnavailable(f"the object store answers {error.code}") from error
        raise StorageRefuses(f"the object store refuses this ({error.code})") from error
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        raise StorageUnavailable(f"the object store does not answer ({type(error).__name__})") from error


def _helps_waiting(error: S3Error) -> bool:
    status = error.response.status
    return status >= _SERVER_ERROR or status in _BUSY or error.code in _PASSING
