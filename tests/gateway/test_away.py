"""What stands behind the gateway is away, or hangs: callers are told soon, and nothing is held."""

import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest
from pydantic import SecretStr

from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.asking import ASK
from tests.gateway.serving import served
from tests.processes import until

NOWHERE = "127.0.0.1:1"
THREADS = 40  # that the gateway has for what may block


@contextmanager
def hanging() -> Iterator[tuple[int, list[socket.socket]]]:
    """The port of a server that takes connections and says nothing, and those that it took; they end with the block."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=500) as listening:
        threading.Thread(target=lambda: _take(listening, taken), daemon=True).start()
        yield listening.getsockname()[1], taken
        listening.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()


def _take(listening: socket.socket, taken: list[socket.socket]) -> None:
    while True:
        try:
            taken.append(listening.accept()[0])
        except OSError:
            return


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/jobs"),
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs/x/events"),
        ("POST", "/v1/uploads"),
        ("GET", "/v1/capabilities"),
        ("POST", "/v1/images/generations"),
    ],
)
def test_while_redis_is_away_callers_are_told_when_to_come_back(settings: Settings, method: str, path: str) -> None:
    lost = settings.model_copy(update={"redis_url": SecretStr(f"redis://{NOWHERE}/0")})
    with served(lost) as url:
        answer = httpx2.request(method, url + path, timeout=60)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_where_redis_is_told_to_nobody_outside(settings: Settings) -> None:
    with served(settings.model_copy(update={"redis_url": SecretStr(f"redis://{NOWHERE}/0")})) as url:
        answer = httpx2.get(f"{url}/v1/jobs", timeout=60)
    assert answer.json()["retryable"]
    assert NOWHERE not in answer.text


def test_while_the_store_is_away_callers_are_told_when_to_come_back(settings: Settings, store: S3Store) -> None:  # noqa: ARG001  # the bucket must be there
    with served(settings.model_copy(update={"s3_endpoint": f"http://{NOWHERE}"})) as url:
        answer = httpx2.post(f"{url}/v1/uploads", content=b"x", headers={"Content-Type": "image/png"}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_redis_that_hangs_holds_who_came_first_and_nobody_who_comes_later(settings: Settings) -> None:
    with hanging() as (port, taken), ThreadPoolExecutor(4 * THREADS) as callers, served(at(settings, port)) as url:

        def ask() -> Future[httpx2.Response]:
            return callers.submit(httpx2.get, f"{url}/v1/jobs", timeout=120)

        def told() -> bool:
            later.append(ask())
            return any(caller.done() for caller in later)

        first, later = ask(), list[Future[httpx2.Response]]()
        until(lambda: bool(taken), "the first caller waits for Redis")
        until(told, "a later caller is told")
        assert not first.done()
        let_go([first, *later], taken)
        assert {caller.result().status_code for caller in (first, *later)} == {503}


def test_scrapes_that_hang_with_redis_hold_nobody(settings: Settings) -> None:
    with hanging() as (port, taken), ThreadPoolExecutor(THREADS) as scrapers, served(at(settings, port)) as url:
        scrapes = [scrapers.submit(httpx2.get, f"{url}/metrics", timeout=120) for _ in range(THREADS)]
        until(lambda: bool(taken), "a scrape asks Redis")
        assert httpx2.get(f"{url}/docs/start.js", timeout=120).status_code == 200  # read in a thread
        assert not all(scrape.done() for scrape in scrapes)
        let_go(scrapes, taken)


def test_slow_addresses_of_images_hold_nobody_who_asks_for_something_else(settings: Settings, store: S3Store) -> None:  # noqa: ARG001  # the bucket must be there
    granting = settings.model_copy(update={"allowed_hosts": frozenset({"127.0.0.1"})})
    with hanging() as (port, taken), ThreadPoolExecutor(THREADS + 5) as callers, served(granting) as url:
        ask = {"kind": "variation", "image": {"url": f"http://127.0.0.1:{port}/a.png"}}
        slow = [callers.submit(httpx2.post, f"{url}/v1/jobs", json=ask, timeout=120) for _ in range(THREADS + 5)]
        until(lambda: bool(taken), "an image is fetched")
        assert httpx2.post(f"{url}/v1/jobs", json=ASK, timeout=120).status_code == 202
        assert not all(caller.done() for caller in slow)
        let_go(slow, taken)


def at(settings: Settings, port: int) -> Settings:
    """The same stack, its Redis at another port."""
    return settings.model_copy(update={"redis_url": SecretStr(f"redis://127.0.0.1:{port}/0")})


def let_go(callers: Sequence[Future[httpx2.Response]], taken: list[socket.socket]) -> None:
    """Hang up on all that the gateway asks, until every caller has its answer."""

    def hung_up() -> bool:
        while taken:
            taken.pop().close()
        return all(caller.done() for caller in callers)

    until(hung_up, "every caller is answered")
