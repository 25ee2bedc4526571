"""The artifact store on the real server."""

import socket
import socketserver
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import pytest
from pydantic import SecretStr

from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.errors import (
    InputUndecodable,
    LatentRelayError,
    LatentsMismatch,
    NotFound,
    StackUnavailable,
    StorageRefuses,
    StorageUnavailable,
)
from latentrelay.settings import Settings
from latentrelay.storage import S3Store


def artifact(key: str, data: bytes, kind: ArtifactKind = ArtifactKind.IMAGE) -> Artifact:
    return Artifact(kind=kind, key=key, sha256=sha256(data).hexdigest(), bytes=len(data), media_type="image/png")


def changed(settings: Settings, **changes: object) -> S3Store:
    return S3Store.connect(settings.model_copy(update=changes))


@pytest.mark.parametrize("size", [0, 1, 131_072, 12_000_000])
def test_what_is_put_is_what_is_got(store: S3Store, size: int) -> None:
    data = bytes(size)
    described = artifact("images/job/0.png", data)
    store.put(described, data)
    assert store.get(described) == data


def test_a_bucket_may_be_ensured_twice(store: S3Store) -> None:
    store.ensure_bucket()


def test_what_is_not_there_is_not_found(store: S3Store) -> None:
    with pytest.raises(NotFound, match="latents/none"):
        store.get(artifact("latents/none", b"", ArtifactKind.LATENTS))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (ArtifactKind.LATENTS, LatentsMismatch),
        (ArtifactKind.INPUT, InputUndecodable),
        (ArtifactKind.IMAGE, InputUndecodable),
    ],
)
def test_other_bytes_than_were_described_are_refused(
    store: S3Store, kind: ArtifactKind, error: type[LatentRelayError]
) -> None:
    described = artifact(f"{kind}/x", b"original", kind)
    store.put(described, b"tampered")
    with pytest.raises(error, match="not those that were written"):
        store.get(described)


def test_exists_tells_what_is_there(store: S3Store) -> None:
    store.put(artifact("images/a/0.png", b"a"), b"a")
    assert store.exists("images/a/0.png")
    assert not store.exists("images/b/0.png")


def test_a_prefix_is_deleted_whole_and_nothing_beside_it(store: S3Store) -> None:
    mine = [f"latents/job/sdxl_base/1/{index}.safetensors" for index in range(12)]
    for key in [*mine, "latents/job2/sdxl_base/1/0.safetensors"]:
        store.put(artifact(key, b"x"), b"x")
    store.delete_prefix("latents/job/")
    assert not any(store.exists(key) for key in mine)
    assert store.exists("latents/job2/sdxl_base/1/0.safetensors")
    store.delete_prefix("latents/job/")


@pytest.mark.parametrize("prefix", ["", "latents/job"])
def test_a_prefix_that_could_mean_more_is_refused(store: S3Store, prefix: str) -> None:
    with pytest.raises(ValueError, match="slash"):
        store.delete_prefix(prefix)


def test_deleting_what_is_not_there_does_no_harm(store: S3Store) -> None:
    store.put(artifact("images/a", b"a"), b"a")
    store.delete(["images/none", "images/a"])
    assert not store.exists("images/a")


def test_anybody_can_download_through_a_presigned_link(store: S3Store) -> None:
    store.put(artifact("images/a.png", b"pixels"), b"pixels")
    with urllib.request.urlopen(store.presigned("images/a.png", 60)) as response:
        assert response.read() == b"pixels"
        assert response.headers["content-type"] == "image/png"


def test_a_presigned_link_opens_that_object_alone(store: S3Store) -> None:
    store.put(artifact("images/a.png", b"a"), b"a")
    store.put(artifact("images/b.png", b"b"), b"b")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(store.presigned("images/a.png", 60).replace("a.png", "b.png"))


@contextmanager
def hanging_up() -> Iterator[tuple[int, list[int]]]:
    """A server that closes every connection unanswered: its port, and the list it counts them in."""
    calls: list[int] = []

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            calls.append(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangUp) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1], calls
        server.shutdown()


def test_a_store_that_is_down_is_told(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        down = changed(settings, s3_endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
    for ask in (down.ensure_bucket, lambda: down.put(artifact("a", b""), b""), lambda: down.get(artifact("a", b""))):
        with pytest.raises(StorageUnavailable, match="does not answer"):
            ask()


def test_a_store_that_hangs_up_is_asked_twice_and_no_more(settings: Settings) -> None:
    with hanging_up() as (port, calls), pytest.raises(StorageUnavailable, match="does not answer"):
        changed(settings, s3_endpoint=f"http://127.0.0.1:{port}").exists("images/a")
    assert len(calls) == 2


@pytest.mark.parametrize("changes", [{"s3_secret_key": SecretStr("wrong")}, {"s3_access_key": "nobody"}])
def test_wrong_credentials_are_told_without_repeating_them(
    settings: Settings, store: S3Store, changes: dict[str, object]
) -> None:
    store.put(artifact("images/a", b"a"), b"a")
    with pytest.raises(StorageRefuses, match="refuses") as refused:
        changed(settings, **changes).get(artifact("images/a", b"a"))
    assert "wrong" not in str(refused.value)


def test_a_missing_bucket_is_told_as_the_stores_trouble(settings: Settings) -> None:
    with pytest.raises(StorageRefuses, match="NoSuchBucket"):
        changed(settings, s3_bucket="never-made").get(artifact("images/a", b"a"))


def test_without_an_endpoint_there_is_no_stack(settings: Settings) -> None:
    with pytest.raises(StackUnavailable):
        changed(settings, s3_endpoint=None)
