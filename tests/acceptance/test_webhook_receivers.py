"""Webhooks sent by real processes to receivers as people have them: late, failing, leading elsewhere, gone."""

import socket
import threading
from pathlib import Path

import pytest

from latentrelay.client import Client
from latentrelay.contracts import (
    Circuit,
    DisabledReason,
    MessageStatus,
    Outcome,
)
from latentrelay.jobs import Scripts, connect
from latentrelay.settings import Settings
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.outbox import Outbox
from tests.acceptance.webhooks import all_are, delivered, ended, failed_once, on_this_machine, outcomes, registered
from tests.processes import until
from tests.receivers import Receiver, Say, certificate, receiving, slowly, speaking
from tests.senders import Senders

PATIENT = (0.0, *[0.2] * 60)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return on_this_machine(settings)


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
