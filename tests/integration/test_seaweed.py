"""The embedded S3 server, as a real process: nothing it acknowledged is lost by how it is stopped."""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.settings import Settings
from latentrelay.storage import S3Store


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Seaweed]:
    server = Seaweed(tmp_path / "with a space")
    server.start()
    yield server
    server.stop()


def store(server: Seaweed) -> S3Store:
    settings = Settings(
        redis_url=SecretStr("redis://unused"),
        s3_endpoint=server.endpoint,
        s3_access_key=server.access_key,
        s3_secret_key=SecretStr(server.secret_key),
    )
    store = S3Store.connect(settings)
    store.ensure_bucket()
    return store


def objects(count: int) -> dict[str, bytes]:
    """Of the sizes that occur: latents, latents with embeddings, images, and one above SeaweedFS' 4 MiB chunks."""
    sizes = (131_072, 535_920, 2_000_000, 5_500_000)
    return {f"images/{number}": os.urandom(sizes[number % len(sizes)]) for number in range(count)}


def described(key: str, data: bytes) -> Artifact:
    digest = sha256(data).hexdigest()
    return Artifact(kind=ArtifactKind.IMAGE, key=key, sha256=digest, bytes=len(data), media_type="image/png")


def put_all(store: S3Store, data: dict[str, bytes]) -> None:
    for key, content in data.items():
        store.put(described(key, content), content)


def assert_all_there(store: S3Store, data: dict[str, bytes]) -> None:
    assert all(store.get(described(key, content)) == content for key, content in data.items())


def test_a_stop_leaves_the_objects_and_nothing_outside_its_folder(server: Seaweed) -> None:
    data = objects(40)
    put_all(store(server), data)
    server.stop()
    sockets = [f"/tmp/seaweedfs-{name.replace('.', '-')}-{port}.sock" for name, port in server.ports.items()]
    assert not [socket for socket in sockets if Path(socket).exists()]
    again = Seaweed(server.folder)
    again.start()
    assert again.endpoint == server.endpoint
    assert_all_there(store(again), data)
    again.stop()


def test_the_last_object_is_there_after_a_kill_right_after_its_put(server: Seaweed) -> None:
    data = objects(2)
    for key, content in data.items():
        put_all(store(server), {key: content})
        server.child.signal(signal.SIGKILL)
        server.start()
    assert_all_there(store(server), data)


def test_deleted_objects_stay_deleted_after_a_kill(server: Seaweed) -> None:
    put_all(store(server), objects(3))
    store(server).delete(["images/1"])
    server.child.signal(signal.SIGKILL)
    server.start()
    assert [store(server).exists(f"images/{number}") for number in range(3)] == [True, False, True]


def test_objects_are_there_when_its_ports_had_to_change(server: Seaweed) -> None:
    data = objects(4)
    put_all(store(server), data)
    server.stop()
    (server.folder / "ports.json").unlink()
    moved = Seaweed(server.folder)
    assert moved.endpoint != server.endpoint
    moved.start()
    assert_all_there(store(moved), data)
    put_all(store(moved), {"images/new": b"new"})
    assert_all_there(store(moved), data | {"images/new": b"new"})
    moved.stop()


def test_objects_outlive_a_restart_beside_the_rules_that_will_remove_them(server: Seaweed) -> None:
    data = {f"{kind}/job/{index}": os.urandom(131_072) for kind in ArtifactKind for index in range(5)}
    put_all(store(server), data)
    server.child.signal(signal.SIGKILL)
    server.start()
    assert store(server).lacking_rules() == ()
    assert_all_there(store(server), data)
    put_all(store(server), {"latents/job/new": b"new"})


def test_nobody_gets_past_its_credentials(seaweed: Seaweed) -> None:
    put_all(store(seaweed), {"images/secret": b"secret"})
    filer = seaweed.ports["filer"]
    for address in (f"{seaweed.endpoint}/latentrelay/images/secret", f"http://127.0.0.1:{filer}/buckets/latentrelay/"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address)
        assert refused.value.code in (401, 403)


def test_its_secret_is_on_no_command_line_and_its_files_are_private(seaweed: Seaweed) -> None:
    assert seaweed.secret_key.encode() not in Path(f"/proc/{seaweed.child.pid}/cmdline").read_bytes()
    assert seaweed.folder.stat().st_mode & 0o077 == 0
    assert (seaweed.folder / "identities.json").stat().st_mode & 0o077 == 0
