"""Webhooks sent by real processes: what is told, how it is signed, and what a sender does."""

import os
import signal
import threading
import time
import urllib.request

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook

from latentrelay import Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import (
    MessageStatus,
    Outcome,
    WebhookTarget,
)
from latentrelay.jobs import connect, keys
from latentrelay.settings import Settings
from latentrelay.webhooks import verify
from tests.acceptance.webhooks import (
    SECRETIVE,
    all_are,
    delivered,
    ended,
    failed_once,
    in_order,
    on_this_machine,
    outcomes,
    registered,
)
from tests.processes import Start, free_port, until
from tests.receivers import Receiver, Say
from tests.senders import Senders


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return on_this_machine(settings)


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


def test_what_the_operator_allows_no_more_is_not_sent_to(client: Client, senders: Senders, receiver: Receiver) -> None:
    registered(client, receiver.url)
    senders.start(webhook_allowed_hosts=frozenset())
    ended(client)
    failed_once(client)
    assert outcomes(client)[0] is Outcome.UNSAFE_URL
    assert not receiver.came


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
    mistaken.wait()
    client.webhooks.resend(client.webhooks.messages().data[0].id)  # sooner than it would be tried by itself
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
    port = free_port()
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
