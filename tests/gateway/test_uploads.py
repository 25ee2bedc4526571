"""Uploads over HTTP: raw or in a form, streamed to the store, and nothing left of what is refused."""

import hashlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from latentrelay.client import Client
from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.jobs import connect, keys
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.serving import served
from tests.processes import until

FILE = bytes(range(256)) * 4096  # a megabyte: more than is held in memory
PNG = {"Content-Type": "image/png"}


def stored(store: S3Store) -> list[bytes]:
    """All that lies in the store as input."""
    return [store.get(described(found.key)) for found in store.under("inputs/")]


def described(key: str) -> Artifact:
    return Artifact(
        kind=ArtifactKind.INPUT, key=key, sha256=hashlib.sha256(FILE).hexdigest(), bytes=len(FILE), media_type="x/y"
    )


def pieces() -> Iterator[bytes]:
    for start in range(0, len(FILE), 10_000):
        yield FILE[start : start + 10_000]


SENT = {
    "raw, with its length": {"content": FILE, "headers": PNG},
    "raw, in pieces": {"content": pieces(), "headers": {"Content-Type": "application/octet-stream"}},
    "in a form": {"files": {"file": ("a.png", FILE, "image/png")}},
    "in a form, with other fields": {"files": {"image": ("a.png", FILE, "image/png")}, "data": {"purpose": "vision"}},
    "in a form, with an evil name": {"files": {"file": ('../../etc/pass"wd', FILE, "text/html")}},
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT.keys())
def test_a_file_comes_into_the_store_as_it_is_and_a_job_may_name_it(
    http: httpx2.Client, store: S3Store, sent: dict[str, object]
) -> None:
    answer = http.post("/v1/uploads", **sent)  # type: ignore[arg-type]  # each as httpx2 takes it
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["bytes"], told["sha256"]) == (len(FILE), hashlib.sha256(FILE).hexdigest())
    assert stored(store) == [FILE]
    job = http.post("/v1/jobs", json={"kind": "variation", "image": {"upload_id": told["upload_id"]}})
    assert job.status_code == 202


REFUSED = {
    "nothing": ({"content": b"", "headers": PNG}, 400),
    "an empty file in a form": ({"files": {"file": ("a.png", b"")}}, 400),
    "a form without a file": ({"files": {"file": (None, b"no file, a field")}}, 400),
    "two files": ({"files": [("file", ("a", FILE)), ("file", ("b", FILE))]}, 400),
    "a form without its boundary": ({"content": FILE, "headers": {"Content-Type": "multipart/form-data"}}, 400),
    "a broken form": ({"content": b"--x\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}, 400),
    "another type": ({"content": FILE, "headers": {"Content-Type": "text/plain"}}, 400),
    "JSON": ({"json": {"file": "a"}}, 400),
    "no type": ({"content": FILE}, 400),
    "too much": ({"content": FILE * 2 + b"x", "headers": PNG}, 413),
    "too much in pieces": ({"content": iter([FILE, FILE, b"x"]), "headers": PNG}, 413),
    "far too much": ({"content": FILE * 4, "headers": PNG}, 413),
    "too much in a form": ({"files": {"file": ("a.png", FILE * 2 + b"x")}}, 413),
}


@pytest.fixture
def narrow(settings: Settings, store: S3Store) -> Iterator[httpx2.Client]:  # noqa: ARG001  # the bucket must be there
    """A gateway that takes two megabytes, and gives up on a body that stops."""
    narrow = settings.model_copy(update={"max_input_bytes": 2 * len(FILE), "body_idle_seconds": 2.0})
    with served(narrow) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield http


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_is_a_problem_and_leaves_nothing(
    narrow: httpx2.Client, store: S3Store, settings: Settings, sent: dict[str, object], status: int
) -> None:
    answer = narrow.post("/v1/uploads", **sent)  # type: ignore[arg-type]  # each as httpx2 takes it
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not list(store.under("inputs/"))
    assert not connect(settings).exists(keys.UPLOADS)


HEAD = "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n\r\n"


def connected(http: httpx2.Client) -> socket.socket:
    parts = urlsplit(str(http.base_url))
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30)


def test_an_upload_that_is_cut_leaves_nothing_and_harms_nobody(
    http: httpx2.Client, client: Client, store: S3Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with connected(http) as sending:
        sending.sendall(HEAD.encode() + FILE[:500_000])
    until(lambda: any(getattr(line, "status", 0) == 499 for line in caplog.records), "the cut is noticed")
    assert not list(store.under("inputs/"))
    assert client.upload(FILE)


def test_an_upload_that_stops_coming_is_told_so_and_ends(narrow: httpx2.Client, store: S3Store) -> None:
    with connected(narrow) as sending:
        sending.sendall(HEAD.encode() + FILE[:500_000])
        answer = b"".join(iter(lambda: sending.recv(4096), b""))  # to the end: the connection is closed
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"invalid_request"' in answer
    assert not list(store.under("inputs/"))
