"""The artifact store on the real server."""

import socket
import socketserver
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from minio.commonconfig import Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from pydantic import SecretStr

from latentrelay import s3
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


def rules(settings: Settings) -> dict[str, int | None]:
    """Prefix and days of the rules that the bucket has."""
    found = s3.connect(settings).get_bucket_lifecycle(settings.s3_bucket)
    return {
        str(rule.rule_filter.prefix): rule.expiration.days
        for rule in (found.rules if found else ())
        if rule.rule_filter and rule.expiration
    }


def test_a_bucket_gets_rules_that_no_object_of_a_live_job_can_meet(settings: Settings, store: S3Store) -> None:
    week = settings.max_job_seconds / 86_400
    made = 1 + 2 * week  # a job makes it, and another reads it, each within a job's longest life; a day for clocks
    assert rules(settings) == {"latents/": 1 + made, "images/": 30 + made, "inputs/": 7 + made}
    assert store.lacking_rules() == ()


def test_rules_are_lengthened_and_never_shortened(settings: Settings, store: S3Store) -> None:
    store.ensure_bucket()
    before = rules(settings)
    changed(settings, images_seconds=0, inputs_seconds=0).ensure_bucket()
    assert rules(settings) == before
    longer = changed(settings, images_seconds=400 * 86_400)
    assert longer.lacking_rules() == (ArtifactKind.IMAGE,)
    longer.ensure_bucket()
    assert rules(settings) == before | {"images/": 415}
    assert longer.lacking_rules() == ()


def test_rules_of_somebody_else_are_left_as_they_are(settings: Settings) -> None:
    client = s3.connect(settings)
    client.make_bucket(settings.s3_bucket)
    theirs = Rule("Enabled", rule_filter=Filter(prefix="logs/"), rule_id="theirs", expiration=Expiration(days=3))
    client.set_bucket_lifecycle(settings.s3_bucket, LifecycleConfig([theirs]))
    store = S3Store.connect(settings)
    store.ensure_bucket()
    assert rules(settings) == {"logs/": 3}
    assert store.lacking_rules() == tuple(ArtifactKind)


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (501, "NotImplemented")])
def test_a_store_that_takes_no_rules_is_told_in_the_log_and_serves(
    settings: Settings, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with ruleless(status, code) as port:
        store = changed(settings, s3_endpoint=f"http://127.0.0.1:{port}")
        store.ensure_bucket()
        assert [record.message for record in caplog.records] == ["bucket rules not set"]
        with pytest.raises((StorageRefuses, StorageUnavailable), match=code):
            store.lacking_rules()


@contextmanager
def ruleless(status: int, code: str, date: str = "Thu, 01 Jan 2026 00:00:00 GMT") -> Iterator[int]:
    """An S3 server that has the bucket and knows nothing of rules, by a clock of its own: its port."""

    class Ruleless(BaseHTTPRequestHandler):
        def date_time_string(self, _: float | None = None) -> str:
            return date

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Ruleless) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_objects_are_listed_page_by_page_with_size_and_age(settings: Settings, store: S3Store) -> None:
    keys = [f"images/{job}/{index}" for job in ("a", "a-b", "a0") for index in range(3)]
    for key in [*keys, "latents/a/0"]:
        store.put(artifact(key, b"x" * 7), b"x" * 7)
    narrow = Narrow.connect(settings)
    assert len(narrow.page("images/")) == 2
    assert sorted(found.key for found in narrow.under("images/")) == sorted(keys)
    assert {found.bytes for found in store.under("images/")} == {7}
    ages = {store.now() - found.changed_at for found in store.under("images/")}
    assert all(timedelta(seconds=-1) <= age < timedelta(minutes=1) for age in ages)


class Narrow(S3Store):
    """A real store that lists little at once."""

    page_size = 2


def test_the_clock_is_the_stores_own(settings: Settings) -> None:
    with ruleless(404, "NoSuchKey", date="Fri, 01 Jan 2010 12:00:00 GMT") as port:
        store = changed(settings, s3_endpoint=f"http://127.0.0.1:{port}")
        assert store.now() == datetime(2010, 1, 1, 12, tzinfo=UTC)


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


def test_a_bucket_that_is_not_there_yet_is_waited_for(settings: Settings) -> None:
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        changed(settings, s3_bucket="never-made").get(artifact("images/a", b"a"))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        *((status, "Whatever", StorageUnavailable) for status in (408, 429, 500, 503)),
        *((400, code, StorageUnavailable) for code in ("RequestTimeout", "SlowDown", "OperationAborted")),
        *((status, "Whatever", StorageRefuses) for status in (400, 403, 404, 409)),
    ],
)
def test_what_waiting_helps_with_is_told_from_what_somebody_must_mend(
    settings: Settings, status: int, code: str, error: type[LatentRelayError]
) -> None:
    with ruleless(status, code) as port, pytest.raises(error):
        changed(settings, s3_endpoint=f"http://127.0.0.1:{port}").get(artifact("images/a", b"a"))


def test_without_an_endpoint_there_is_no_stack(settings: Settings) -> None:
    with pytest.raises(StackUnavailable):
        changed(settings, s3_endpoint=None)
