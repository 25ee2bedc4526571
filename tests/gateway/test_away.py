"""What stands behind the gateway is away, or hangs: callers are told soon, and nothing is held."""

import select
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from infra.faults.proxy import Proxy
from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import StageName, parse_request
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from services.gateway.app import STORE_THREADS
from services.gateway.body import LONG
from services.gateway.routes.jobs import AT_ONCE, OF_ONE_TENANT
from tests.gateway.asking import ASK, entering
from tests.gateway.serving import served
from tests.processes import Start, until

DATA_URI = "data:image/png;base64,UE5H"
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
        ("GET", "/v1/webhook-endpoints"),
        ("GET", "/v1/webhook-messages"),
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


def test_slow_addresses_of_one_tenants_images_keep_no_other_tenant_waiting(
    settings: Settings,
    store: S3Store,  # noqa: ARG001  # the bucket must be there
    keys: Keys,
) -> None:
    granting = settings.model_copy(update={"allowed_hosts": frozenset({"127.0.0.1"})})
    with (
        hanging() as (port, taken),
        ThreadPoolExecutor(AT_ONCE) as callers,
        served(granting) as url,
        entering(url, keys) as enter,
    ):
        ada, bob = enter("ada"), enter("bob")
        ask = {"kind": "variation", "image": {"url": f"http://127.0.0.1:{port}/a.png"}}
        slow = [callers.submit(ada.post, "/v1/jobs", json=ask, timeout=120) for _ in range(AT_ONCE)]
        until(lambda: len(taken) == OF_ONE_TENANT, "all that one tenant may bring at once are fetched")
        brought = bob.post("/v1/jobs", json={"kind": "variation", "image": {"data_uri": DATA_URI}}, timeout=120)
        assert brought.status_code == 202
        assert len(taken) == OF_ONE_TENANT
        let_go(slow, taken)


def test_a_large_body_is_not_read_before_there_is_a_place_for_it(
    settings: Settings,
    store: S3Store,  # noqa: ARG001  # the bucket must be there
) -> None:
    granting = settings.model_copy(update={"allowed_hosts": frozenset({"127.0.0.1"})})
    with hanging() as (port, taken), ThreadPoolExecutor(OF_ONE_TENANT) as callers, served(granting) as url:
        ask = {"kind": "variation", "image": {"url": f"http://127.0.0.1:{port}/a.png"}}
        slow = [callers.submit(httpx2.post, f"{url}/v1/jobs", json=ask, timeout=120) for _ in range(OF_ONE_TENANT)]
        until(lambda: len(taken) == OF_ONE_TENANT, "every place is held")
        parts = urlsplit(url)
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=120) as large:
            head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            large.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {10 * LONG}\r\n\r\n".encode())
            assert not select.select([large], [], [], 1.0)[0]  # nobody asks for it
            let_go(slow, taken)
            assert large.recv(4096).startswith(b"HTTP/1.1 100 ")


def test_who_may_submit_no_more_makes_nobody_fetch_anything(settings: Settings, store: S3Store, keys: Keys) -> None:  # noqa: ARG001  # the bucket must be there
    granting = settings.model_copy(update={"allowed_hosts": frozenset({"127.0.0.1"})})
    with hanging() as (port, taken), served(granting) as url, entering(url, keys) as enter:
        http = enter("ada", in_flight=1)
        assert http.post("/v1/jobs", json=ASK).status_code == 202
        ask = {"kind": "variation", "image": {"url": f"http://127.0.0.1:{port}/a.png"}}
        assert http.post("/v1/jobs", json=ask).json()["code"] == "rate_limited"
        assert not taken


def test_a_store_that_hangs_holds_nobody_who_does_not_need_it(settings: Settings, client: Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    job, doomed = (client.wait(client.submit(parse_request(ASK)).id, timeout=120) for _ in range(2))
    with hanging() as (port, taken), ThreadPoolExecutor(2 * THREADS) as callers:
        lost = settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{port}"})
        with served(lost) as url:
            images = f"{url}/v1/jobs/{job.id}/images/0?download=inline"
            stuck = [callers.submit(httpx2.get, images, timeout=120) for _ in range(THREADS)]
            stuck += [callers.submit(httpx2.delete, f"{url}/v1/jobs/{doomed.id}", timeout=120) for _ in range(5)]
            until(lambda: len(taken) >= STORE_THREADS, "all who may ask the store wait for it")
            assert httpx2.get(f"{url}/v1/jobs/{job.id}", timeout=120).status_code == 200
            assert len(taken) < THREADS
            let_go(stuck, taken)
            assert {caller.result().status_code for caller in stuck} == {503}


def test_a_job_that_was_recorded_is_told_though_redis_goes_while_it_is_waited_for(
    settings: Settings, client: Client
) -> None:
    assert settings.redis_url
    port = urlsplit(settings.redis_url.get_secret_value()).port
    with Proxy(int(port or 0)) as proxy, ThreadPoolExecutor(1) as callers, served(at(settings, proxy.port)) as url:
        told = callers.submit(httpx2.post, f"{url}/v1/jobs", json=ASK, headers={"Prefer": "wait=5"}, timeout=120)
        until(lambda: is_followed(settings), "it is recorded, and waited for")
        proxy.refuse()
        answer, job = told.result(), client.list().jobs[0]
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/v1/jobs/{job.id}")
    assert answer.json()["id"] == job.id
    assert "Preference-Applied" not in answer.headers


def is_followed(settings: Settings) -> bool:
    """Whether a gateway listens to what happens to some job."""
    with connect(settings) as redis:
        return any(client["cmd"] == "xread" and "b" in client["flags"] for client in redis.client_list())


def at(settings: Settings, port: int) -> Settings:
    """The same stack, its Redis at another port."""
    assert settings.redis_url
    parts = urlsplit(settings.redis_url.get_secret_value())
    there = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")).geturl()
    return settings.model_copy(update={"redis_url": SecretStr(there)})


def let_go(callers: Sequence[Future[httpx2.Response]], taken: list[socket.socket]) -> None:
    """Hang up on all that the gateway asks, until every caller has its answer."""

    def hung_up() -> bool:
        while taken:
            taken.pop().close()
        return all(caller.done() for caller in callers)

    until(hung_up, "every caller is answered")
