"""Senders killed, Redis and the gateway gone and back: every event arrives, and what comes twice has the same id."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from infra.faults.proxy import Proxy
from latentrelay import TextToImage
from latentrelay.client import Client
from latentrelay.contracts import MessageStatus, NewWebhookEndpoint, WebhookEndpointSecret
from latentrelay.embedded.gateway_process import GatewayProcess
from latentrelay.embedded.kept import kept_ports
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.errors import StackUnavailable
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.webhooks import verify
from tests.conftest import ROOT, connected
from tests.processes import until
from tests.receivers import Receiver, Say, slowly
from tests.senders import Senders


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """A Redis of this test's own, to be killed and started again."""
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(server: Valkey, seaweed: Seaweed) -> Settings:
    """Attempts are short, and so are leases: what a killed sender had is soon another's."""
    return connected(server, seaweed).model_copy(
        update={
            "webhook_key": SecretStr("k" * 32),
            "webhook_allowed_hosts": frozenset({"127.0.0.1"}),
            "webhook_schedule_seconds": (0.0, *[0.3] * 200),
            "webhook_circuit_seconds": 0.3,
            "webhook_seconds": 3.0,
            "webhook_metrics_port": 0,
        }
    )


@pytest.fixture
def endpoint(client: Client, receiver: Receiver) -> WebhookEndpointSecret:
    return client.webhooks.create(NewWebhookEndpoint(url=receiver.url))


class Load:
    """Jobs that end one after another, in a thread of their own, whatever else happens; Redis away is waited for."""

    def __init__(self, client: Client) -> None:
        self.ended: list[str] = []
        self._client = client
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> list[str]:
        """The jobs that are known to have ended."""
        self._is_over.set()
        self._thread.join()
        return self.ended

    def _run(self) -> None:
        while not self._is_over.wait(0.01):
            with suppress(StackUnavailable):
                job_id = self._client.submit(TextToImage(prompt="x")).id
                self._client.cancel(job_id)
                self.ended.append(job_id)


def assert_told(receiver: Receiver, ids: list[str], secret: str) -> None:
    """Every job's end came, signed, and whatever came twice came under the same id."""

    def told() -> Counter[str]:
        return Counter(one.event["data"]["job_id"] for one in [*receiver.came])

    until(lambda: set(ids) <= told().keys(), f"all of {len(ids)} are told")
    ids_of: dict[str, set[str]] = {}
    for one in receiver.came:
        assert verify(one.body, one.headers, secret, tolerance=3600) == one.id
        ids_of.setdefault(one.event["data"]["job_id"], set()).add(one.id)
    assert {len(found) for found in ids_of.values()} == {1}


def settled(client: Client) -> None:
    def is_settled() -> bool:
        with suppress(StackUnavailable):
            told = client.webhooks.backlog()
            return told.outbox + told.pending + told.in_flight == 0
        return False

    until(is_settled, "nothing waits")


@pytest.mark.parametrize("seed", [1, 2])
def test_senders_killed_at_any_moment_lose_no_event(
    client: Client, senders: Senders, receiver: Receiver, endpoint: WebhookEndpointSecret, seed: int
) -> None:
    receiver.answer = slowly(0.02)
    moments, load = random.Random(seed), Load(client)
    for _ in range(4):
        sender = senders.start()
        time.sleep(moments.uniform(0.2, 2.0))
        sender.kill()
        sender.wait()
    senders.start()
    assert_told(receiver, load.stop(), endpoint.secret)
    settled(client)


def test_what_was_under_way_when_its_sender_was_killed_is_sent_again_under_the_same_id(
    client: Client, senders: Senders, receiver: Receiver, endpoint: WebhookEndpointSecret
) -> None:
    gate = threading.Event()
    receiver.answer = lambda _: Say() if gate.wait(60) else None
    client.webhooks.test(endpoint.id)
    sender = senders.start()
    until(lambda: len(receiver.came) == 1, "it is under way")
    sender.kill()
    sender.wait()
    gate.set()
    senders.start()
    settled(client)
    first, second = receiver.came
    assert (first.id, first.body) == (second.id, second.body)
    assert client.webhooks.messages().data[0].status is MessageStatus.DELIVERED


def test_a_redis_that_is_killed_and_comes_back_loses_no_event(
    client: Client, senders: Senders, receiver: Receiver, endpoint: WebhookEndpointSecret, server: Valkey
) -> None:
    receiver.answer = slowly(0.02)
    senders.start()
    known: list[str] = []
    for _ in range(3):
        load = Load(client)
        time.sleep(1.0)
        known += load.stop()
        # what Redis has acknowledged and not yet on its disk is its own to lose, and not what is looked for here
        connect(senders.settings).execute_command("WAITAOF", 1, 0, 60_000)
        server.child.kill()
        server.start()
    assert_told(receiver, known, endpoint.secret)
    settled(client)


def test_a_redis_out_of_reach_for_a_while_is_waited_for(
    client: Client, senders: Senders, receiver: Receiver, endpoint: WebhookEndpointSecret, server: Valkey
) -> None:
    with Proxy(server.port) as proxy:
        through = server.url.replace(str(server.port), str(proxy.port))
        senders.start(redis_url=SecretStr(through))
        load = Load(client)
        until(lambda: len(receiver.came) > 5, "it sends")
        for fault in (proxy.refuse, proxy.hang):
            fault()
            time.sleep(2.0)
            proxy.mend()
        assert_told(receiver, load.stop(), endpoint.secret)
        settled(client)


def test_a_gateway_that_is_killed_and_comes_back_loses_no_event(
    settings: Settings, client: Client, senders: Senders, receiver: Receiver, tmp_path: Path
) -> None:
    port = kept_ports(tmp_path / "ports.json", ["http"])["http"]
    gateway = GatewayProcess(settings.model_copy(update={"gateway_port": port}), tmp_path / "gateway", ROOT)
    gateway.start()
    senders.start()
    with httpx2.Client(base_url=gateway.url, timeout=60) as http:
        registered = http.post("/v1/webhook-endpoints", json={"url": receiver.url}).json()
        ids = []
        for number in range(10):
            made = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": "x"}).json()
            http.post(f"/v1/jobs/{made['id']}/cancel").raise_for_status()
            ids.append(made["id"])
            if number % 4 == 3:
                gateway.child.kill()
                gateway.start()
        assert_told(receiver, ids, registered["secret"])
        settled(client)
        listed = http.get("/v1/webhook-messages").json()["data"]
        assert [message["status"] for message in listed] == ["delivered"] * 10
    gateway.stop()


def test_a_sender_that_stops_answering_redis_loses_its_turn_and_its_messages_to_another(
    client: Client, senders: Senders, receiver: Receiver, endpoint: WebhookEndpointSecret
) -> None:
    stopped = senders.start()
    ids = [client.submit(TextToImage(prompt="x")).id]
    client.cancel(ids[0])
    until(lambda: len(receiver.came) == 1, "it sends")
    os.kill(stopped.pid, signal.SIGSTOP)
    ids += [client.submit(TextToImage(prompt="x")).id for _ in range(5)]
    for job_id in ids[1:]:
        client.cancel(job_id)
    senders.start()
    assert_told(receiver, ids, endpoint.secret)
    os.kill(stopped.pid, signal.SIGCONT)
    settled(client)
