"""`up` with its sender of webhooks: registered with a key that it drew, sent on, whatever dies."""

import os
import signal
from collections.abc import Iterator

import pytest

from latentrelay.client import Client
from latentrelay.contracts import MessageStatus, NewWebhookEndpoint
from latentrelay.settings import Settings
from latentrelay.webhooks import verify
from tests.integration.up_process import Starter, Up
from tests.processes import until
from tests.receivers import Receiver, receiving

ALLOWED = {"LATENTRELAY_WEBHOOK_ALLOWED_HOSTS": '["127.0.0.1"]'}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def client_of(up: Up) -> Client:
    """It judges receivers as the stack does, whatever its own environment says."""
    return Client.connect(Settings(data_dir=up.folder))


def test_webhooks_are_sent_with_a_key_that_it_drew_and_that_the_next_start_has_too(
    alone: Starter, receiver: Receiver
) -> None:
    up = alone(**ALLOWED)
    up.tells("all started")
    client = client_of(up)
    endpoint = client.webhooks.create(NewWebhookEndpoint(url=receiver.url))
    client.webhooks.test(endpoint.id)
    until(lambda: len(receiver.came) == 1, "it is sent")
    client.close()
    up.ctrl_c()
    assert up.ends() == 0
    again = alone(**ALLOWED)
    again.tells("all started")
    client = client_of(again)
    client.webhooks.test(endpoint.id)
    until(lambda: len(receiver.came) == 2, "it is sent after the next start")
    client.close()
    assert {verify(came.body, came.headers, endpoint.secret) for came in receiver.came} == set(receiver.ids)


def test_a_sender_that_dies_is_started_again(alone: Starter, receiver: Receiver) -> None:
    up = alone(**ALLOWED)
    up.tells("all started")
    client = client_of(up)
    endpoint = client.webhooks.create(NewWebhookEndpoint(url=receiver.url))
    os.kill(up.pid("webhooks"), signal.SIGKILL)
    client.webhooks.test(endpoint.id)
    up.tells("webhooks ended with signal SIGKILL")
    until(lambda: len(receiver.came) == 1, "it is sent by the next one")
    until(lambda: client.webhooks.messages().data[0].status is MessageStatus.DELIVERED, "and settled")
    client.close()


def test_with_servers_of_ones_own_and_no_key_it_says_that_none_are_sent(connected: Starter) -> None:
    up = connected()
    assert "LATENTRELAY_WEBHOOK_KEY is not set" in up.tells("no webhooks are sent")
