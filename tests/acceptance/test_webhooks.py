"""Webhooks sent by real processes to real receivers, as people have them."""

import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook

from latentrelay import Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import (
    Circuit,
    DisabledReason,
    MessageStatus,
    NewWebhookEndpoint,
    Outcome,
    WebhookEndpointSecret,
    WebhookTarget,
)
from latentrelay.jobs import Scripts, connect, keys
from latentrelay.settings import Settings
from latentrelay.webhooks import verify
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.outbox import Outbox
from tests.processes import Start, until
from tests.receivers import Came, Receiver, Say, receiving, slowly
from tests.senders import Senders

SECRETIVE = "a lighthouse that nobody may hear of"
QUICK = (0.0, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2)
PATIENT = (0.0, *[0.2] * 60)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Receivers on this machine are allowed; pauses are short."""
    return settings.model_copy(
        update={
            "webhook_key": SecretStr("k" * 32),
            "webhook_allowed_hosts": frozenset({"127.0.0.1", "localhost"}),
            "webhook_schedule_seconds": QUICK,
            "webhook_circuit_seconds": 0.2,
            "webhook_metrics_port": 0,
        }
    )


@pytest.fixture
def senders(settings: Settings, tmp_path: Path) -> Iterator[Senders]:
    senders = Senders(settings, tmp_path)
    yield senders
    senders.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def registered(client: Client, url: str, tenant: str | None = None, **wanted: Any) -> WebhookEndpointSecret:
    return client.webhooks.create(NewWebhookEndpoint(**{"url": url, **wanted}), tenant=tenant)


def ended(client: Client, count: int = 1, **asked: Any) -> list[str]:
    """Ids of jobs that were canceled: each is an event."""
    ids = [client.submit(TextToImage(prompt=SECRETIVE, **asked)).id for _ in range(count)]
    for job_id in ids:
        client.cancel(job_id)
    return ids


def all_are(
    client: Client, status: MessageStatus, count: int = 1, endpoint_id: str | None = None
) -> Callable[[], bool]:
    """Whether there are so many messages, each of that status."""

    def are() -> bool:
        found = client.webhooks.messages(endpoint_id=endpoint_id, limit=250).data
        return len(found) == count and {message.status for message in found} == {status}

    return are


def delivered(client: Client, count: int = 1, endpoint_id: str | None = None) -> None:
    until(all_are(client, MessageStatus.DELIVERED, count, endpoint_id), f"{count} are delivered")


def in_order(came: Came) -> tuple[int, str, bool]:
    """What happened when: progress is no move, and has the sequence of the last one."""
    told = came.event
    return told["data"]["sequence"], told["timestamp"], told["type"] == "job.progress"


def outcomes(client: Client) -> list[Outcome]:
    """Of every attempt of the newest message."""
    return [attempt.outcome for attempt in client.webhooks.attempts(client.webhooks.messages().data[0].id)]


def failed_once(client: Client) -> None:
    until(lambda: bool(client.webhooks.messages().data) and bool(outcomes(client)), "an attempt has failed")


def test_a_job_is_told_from_start_to_end_and_every_library_verifies_it(
    client: Client, senders: Senders, receiver: Receiver, start: Start
) -> None:
    endpoint = registered(client, receiver.url + "/hook", events=["started", "progress", "succeeded"], asymmetric=True)
    senders.start()
    start(StageName.SDXL_BASE)
    metadata = {"steps": "4", "step_seconds": "0.1"}
    alone = TextToImage(prompt=SECRETIVE, refine=Refine(mode=RefineMode.NONE), metadata=metadata, client_reference="r1")
    job = client.wait(client.submit(alone).id, timeout=100)
    until(lambda: "job.succeeded" in receiver.types(job.id), "its end is told")
    came = receiver.about(job.id)
    assert {"job.started", "job.succeeded"} <= set(receiver.types(job.id))
    for one in came:
        headers = {name: value for name, value in one.headers.items() if name.startswith("webhook-")}
        assert verify(one.body, headers, endpoint.secret) == one.id
        assert verify(one.body, headers, str(endpoint.public_key)) == one.id
        StandardWebhook(endpoint.secret).verify(one.body, headers)
        SvixWebhook(endpoint.secret).verify(one.body, headers)
        assert one.path == "/hook"
        assert one.headers["content-type"] == "application/json"
        assert SECRETIVE.encode() not in one.body
        assert len(one.body) <= 20_000
    last = next(one.event for one in came if one.event["type"] == "job.succeeded")
    assert last["data"]["client_reference"] == "r1"
    assert last["data"]["metadata"] == metadata
    assert last["data"]["outputs"][0]["href"] == f"/v1/jobs/{job.id}/images/0"
    assert last["data"]["sequence"] == job.sequence
    types = [one.event["type"] for one in sorted(came, key=in_order)]
    assert (types[0], types[-1]) == ("job.started", "job.succeeded")


def test_every_end_is_told_exactly_once_and_no_log_tells_who_or_what(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    registered(client, receiver.url + "/?token=hush")
    senders.start()
    ids = ended(client, 60)
    delivered(client, 60)
    assert sorted(one.event["data"]["job_id"] for one in receiver.came) == sorted(ids)
    assert set(receiver.ids.values()) == {1}
    for secret in (SECRETIVE, "hush", "whsec_", "k" * 32):
        assert secret not in senders.logs()


def test_a_receiver_that_takes_its_time_is_waited_for(client: Client, senders: Senders, receiver: Receiver) -> None:
    receiver.answer = slowly(2.5)
    registered(client, receiver.url)
    senders.start(webhook_seconds=30.0)
    ended(client)
    delivered(client)
    assert len(receiver.came) == 1


def test_one_that_takes_too_long_has_failed_and_is_asked_again(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    gate = threading.Event()
    receiver.answer = lambda _: Say() if gate.wait(60) else None
    registered(client, receiver.url)
    senders.start(webhook_seconds=0.5)
    ended(client)
    failed_once(client)
    gate.set()
    delivered(client)
    told = outcomes(client)
    assert told[0] is Outcome.TIMEOUT
    assert told[-1] is Outcome.DELIVERED
    assert len(receiver.ids) == 1


def test_an_outage_of_hours_ends_well_without_a_storm_of_attempts(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    is_well = threading.Event()
    receiver.answer = lambda _: Say() if is_well.is_set() else Say(500)
    endpoint = registered(client, receiver.url)
    senders.start(webhook_schedule_seconds=PATIENT)
    ids = ended(client, 20)
    until(lambda: client.webhooks.get(endpoint.id).failures >= 8, "it fails again and again")
    assert client.webhooks.get(endpoint.id).circuit is not Circuit.CLOSED
    before = len(receiver.came)
    assert before < 8 + 20  # every message alone would have been tried again and again by now
    is_well.set()
    delivered(client, 20)
    assert {one.event["data"]["job_id"] for one in receiver.came} == set(ids)
    assert client.webhooks.get(endpoint.id).circuit is Circuit.CLOSED


def test_a_message_that_had_all_its_tries_has_failed_until_it_is_resent(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    receiver.answer = lambda _: Say(503, body=b"down for maintenance " + b"x" * 5000)
    registered(client, receiver.url)
    senders.start(webhook_schedule_seconds=(0.0, 0.1, 0.1))
    ended(client)
    until(all_are(client, MessageStatus.FAILED), "it has failed")
    message = client.webhooks.messages(status=MessageStatus.FAILED).data[0]
    attempts = client.webhooks.attempts(message.id)
    assert [attempt.status for attempt in attempts] == [503, 503, 503]
    assert attempts[0].answer is not None
    assert attempts[0].answer.startswith("down for maintenance")
    assert len(attempts[0].answer) == 1024
    receiver.answer = lambda _: Say()
    client.webhooks.resend(message.id)
    delivered(client)
    assert len(receiver.ids) == 1


def test_a_redirect_is_a_failure_and_nobody_goes_where_it_leads(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    with receiving() as elsewhere:
        receiver.answer = lambda _: Say(301, {"Location": elsewhere.url})
        registered(client, receiver.url)
        senders.start()
        ended(client)
        failed_once(client)
        assert outcomes(client)[0] is Outcome.REDIRECT
        assert not elsewhere.came


def test_retry_after_is_kept(client: Client, senders: Senders, receiver: Receiver) -> None:
    receiver.answer = lambda _: Say() if len(receiver.came) > 1 else Say(429, {"Retry-After": "2"})
    registered(client, receiver.url)
    senders.start()
    ended(client)
    until(lambda: len(receiver.came) == 1, "it was told to wait")
    ended(client)  # comes meanwhile, and waits as well
    delivered(client, 2)
    first, *later = [one.at for one in receiver.came]
    assert min(later) - first >= 2


def test_a_fault_of_ours_is_no_endless_repetition(client: Client, senders: Senders, receiver: Receiver) -> None:
    endpoint = registered(client, receiver.url)
    connect(senders.settings).hset(keys.endpoint(endpoint.id), "secrets", "damaged")
    senders.start(webhook_schedule_seconds=(0.0, 0.1, 0.1))
    client.webhooks.test(endpoint.id)
    until(all_are(client, MessageStatus.FAILED), "it is given up")
    assert outcomes(client) == [Outcome.FAULT] * 3
    assert client.webhooks.get(endpoint.id).failures == 0
    assert not receiver.came


def test_410_of_a_url_that_one_job_named_disables_nobody(client: Client, senders: Senders, receiver: Receiver) -> None:
    receiver.answer = lambda came: Say(410) if came.path == "/gone" else Say()
    endpoint = registered(client, receiver.url)
    senders.start()
    ended(client, webhook=WebhookTarget(url=f"{receiver.url}/gone"))
    until(all_are(client, MessageStatus.FAILED), "its message has failed")
    ended(client)
    until(lambda: len(receiver.came) == 2, "others are delivered")
    assert client.webhooks.get(endpoint.id).disabled_reason is None


def test_410_disables_the_endpoint_and_nothing_is_lost(client: Client, senders: Senders, receiver: Receiver) -> None:
    receiver.answer = lambda _: Say(410)
    endpoint = registered(client, receiver.url)
    senders.start()
    ended(client)
    until(lambda: client.webhooks.get(endpoint.id).disabled_reason is DisabledReason.GONE, "it is disabled")
    ended(client, 3)
    until(lambda: client.webhooks.get(endpoint.id).pending == 4, "all of it waits")
    assert len(receiver.came) == 1
    receiver.answer = lambda _: Say()
    client.webhooks.enable(endpoint.id)
    delivered(client, 4)


def test_an_endpoint_that_only_fails_is_disabled_in_the_end(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    receiver.answer = lambda _: Say(500)
    endpoint = registered(client, receiver.url)
    senders.start(webhook_disable_seconds=1.0, webhook_schedule_seconds=PATIENT)
    ended(client)
    until(lambda: client.webhooks.get(endpoint.id).disabled_reason is DisabledReason.FAILING, "it is given up")


def test_one_that_hangs_up_is_asked_again(client: Client, senders: Senders, receiver: Receiver) -> None:
    receiver.answer = lambda _: None if len(receiver.came) < 3 else Say()
    registered(client, receiver.url)
    senders.start()
    ended(client)
    delivered(client)
    assert outcomes(client) == [Outcome.UNREACHABLE, Outcome.UNREACHABLE, Outcome.DELIVERED]


def test_a_body_that_never_ends_is_a_success_where_its_status_is_one(client: Client, senders: Senders) -> None:
    with speaking(b"HTTP/1.1 200 OK\r\n\r\n", forever=b"and on " * 1000) as url:
        registered(client, url)
        senders.start()
        ended(client)
        delivered(client)
        assert outcomes(client) == [Outcome.DELIVERED]


def test_headers_that_drip_hold_nobody_beyond_the_deadline(client: Client, senders: Senders) -> None:
    with speaking(b"HTTP/1.1 200 OK\r\n", forever=b"X: y\r\n", pause=0.05) as url:
        registered(client, url)
        senders.start(webhook_seconds=1.0)
        ended(client)
        failed_once(client)
        assert outcomes(client)[0] in (Outcome.TIMEOUT, Outcome.UNREACHABLE)  # or it found more headers than it reads


def test_a_certificate_of_another_name_is_sent_nothing(client: Client, senders: Senders, tmp_path: Path) -> None:
    came: list[bytes] = []
    with speaking(b"", tls=certificate(tmp_path, "elsewhere.example"), came=came) as url:
        registered(client, url)
        senders.start()
        ended(client)
        failed_once(client)
        assert outcomes(client)[0] is Outcome.TLS
        assert not b"".join(came)


def test_nobody_there_is_told_as_such(client: Client, senders: Senders) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    registered(client, f"http://127.0.0.1:{port}")
    senders.start()
    ended(client)
    failed_once(client)
    attempt = client.webhooks.attempts(client.webhooks.messages().data[0].id)[0]
    assert (attempt.outcome, attempt.detail) == (Outcome.UNREACHABLE, "it refused the connection")


def test_what_the_operator_allows_no_more_is_not_sent_to(client: Client, senders: Senders, receiver: Receiver) -> None:
    registered(client, receiver.url)
    senders.start(webhook_allowed_hosts=frozenset())
    ended(client)
    failed_once(client)
    assert outcomes(client)[0] is Outcome.UNSAFE_URL
    assert not receiver.came


def test_ten_thousand_events_to_a_slow_receiver_do_not_delay_another(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    with receiving() as slow:
        slow.answer = slowly(0.5)
        crowd = registered(client, slow.url, tenant="crowd")
        fast = registered(client, receiver.url, tenant="quiet")
        redis = connect(senders.settings)
        outbox = Outbox(redis, Scripts(redis, library=WEBHOOKS), 3600)
        for _ in range(10_000):
            outbox.post_trial(crowd, crowd.created_at)
        senders.start()
        until(lambda: len(slow.came) > 3, "the slow one is at work")
        client.webhooks.test(fast.id)
        delivered(client, 1, fast.id)
        assert client.webhooks.get(crowd.id).pending > 9_000
        assert slow.most_at_once <= 4
        client.webhooks.remove(crowd.id)


def test_several_senders_share_the_work_and_send_nothing_twice(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    for tenant in ("a", "b", "c"):
        endpoint = registered(client, receiver.url, tenant=tenant)
        for _ in range(100):
            client.webhooks.test(endpoint.id)
    for _ in range(3):
        senders.start()
    until(lambda: len(receiver.came) >= 300, "all of it came")
    until(lambda: client.webhooks.backlog().in_flight == 0, "all of it is settled")
    assert len(receiver.ids) == 300
    assert set(receiver.ids.values()) == {1}


def test_both_secrets_sign_while_one_follows_the_other(client: Client, senders: Senders, receiver: Receiver) -> None:
    endpoint = registered(client, receiver.url)
    rotated = client.webhooks.rotate(endpoint.id)
    senders.start()
    client.webhooks.test(endpoint.id)
    until(lambda: len(receiver.came) == 1, "it came")
    (came,) = receiver.came
    assert verify(came.body, came.headers, endpoint.secret)
    assert verify(came.body, came.headers, rotated.secret)


def test_a_secret_that_cannot_be_read_sends_nothing_until_it_can(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    endpoint = registered(client, receiver.url)
    mistaken = senders.start(webhook_key=SecretStr("o" * 32))
    client.webhooks.test(endpoint.id)
    failed_once(client)
    assert outcomes(client)[0] is Outcome.UNSIGNABLE
    assert not receiver.came
    mistaken.kill()
    senders.start(webhook_key=SecretStr(f"{'n' * 32},{'k' * 32}"))
    delivered(client)


def test_a_job_is_told_at_a_url_of_its_own_with_the_secret_of_its_origin(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    endpoint = registered(client, receiver.url, events=["failed"])
    senders.start()
    (job_id,) = ended(client, webhook=WebhookTarget(url=f"{receiver.url}/orders/7", events=("canceled",)))
    delivered(client)
    (came,) = receiver.about(job_id)
    assert came.path == "/orders/7"
    assert verify(came.body, came.headers, endpoint.secret)


def test_where_any_url_may_be_named_it_is_signed_with_the_secret_of_its_tenant(
    settings: Settings, client: Client, senders: Senders, receiver: Receiver
) -> None:
    generous = settings.model_copy(update={"webhook_any_url": True})
    senders.start()
    allowed = Client.connect(generous)
    (job_id,) = ended(allowed, webhook=WebhookTarget(url=f"{receiver.url}/x"))
    delivered(client)
    (came,) = receiver.about(job_id)
    assert verify(came.body, came.headers, allowed.webhooks.tenant_secrets()[0])
    allowed.close()


def test_told_to_end_it_ends_with_what_is_under_way_delivered(
    client: Client, senders: Senders, receiver: Receiver
) -> None:
    gate = threading.Event()
    receiver.answer = lambda _: Say() if gate.wait(60) else None
    endpoint = registered(client, receiver.url)
    sender = senders.start()
    client.webhooks.test(endpoint.id)
    until(lambda: len(receiver.came) == 1, "it is under way")
    sender.send_signal(signal.SIGTERM)
    time.sleep(0.3)  # had it ended at once, the message would not be settled
    gate.set()
    assert sender.wait(60) == 0
    delivered(client)


def test_without_a_key_the_sender_ends_and_says_why(senders: Senders) -> None:
    sender = senders.start(webhook_key=None)
    assert sender.wait(60) == os.EX_CONFIG
    assert "LATENTRELAY_WEBHOOK_KEY is not set" in senders.logs()


def test_metrics_are_told_at_a_port_of_their_own(client: Client, senders: Senders, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    endpoint = registered(client, receiver.url)
    senders.start(webhook_metrics_port=port)
    client.webhooks.test(endpoint.id)
    delivered(client)

    def told() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            return str(answer.read().decode())

    until(lambda: 'latentrelay_webhook_attempts_total{outcome="delivered"} 1.0' in told(), "it is counted")
    assert 'latentrelay_webhook_attempts_total{outcome="timeout"} 0.0' in told()
    assert "latentrelay_webhook_attempt_seconds_count 1.0" in told()


@contextmanager
def speaking(
    first: bytes,
    *,
    forever: bytes = b"",
    pause: float = 0.0,
    tls: ssl.SSLContext | None = None,
    came: list[bytes] | None = None,
) -> Iterator[str]:
    """A server of few words: the same to everybody, and then the same again and again."""
    listening = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def talk(connected: socket.socket) -> None:
        try:
            with tls.wrap_socket(connected, server_side=True) if tls else connected as peer:
                received = peer.recv(65536)
                if came is not None:
                    came.append(received)
                peer.sendall(first)
                while forever and not is_over.wait(pause):
                    peer.sendall(forever)
        except OSError:
            return  # whoever asked has left

    def serve() -> None:
        while not is_over.is_set():
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connected,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        is_over.set()
        listening.close()


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's certificate for `name`, that nobody trusts."""
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
