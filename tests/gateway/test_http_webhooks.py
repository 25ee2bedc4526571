"""Webhooks by the HTTP clients: what the direct client does, against a real gateway."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.faults.proxy import Proxy
from latentrelay.client import Client
from latentrelay.contracts import EndpointStatus, MessageStatus, NewWebhookEndpoint, WebhookEndpointChange
from latentrelay.errors import Conflict, InvalidRequest, NotFound, StackUnavailable, UnsafeUrl
from latentrelay.http import AsyncHttpClient, HttpClient
from latentrelay.http.async_webhooks import AsyncWebhooksOverHttp
from latentrelay.http.webhooks import WebhooksOverHttp
from latentrelay.settings import Settings
from latentrelay.webhooks.webhooks import Webhooks
from tests.gateway.serving import served
from tests.gateway.telling import RECEIVER, attempted, telling

WANTED = NewWebhookEndpoint(url=RECEIVER, description="shop", max_per_second=5)
CALLS = {
    "create", "list", "get", "change", "rotate", "test", "enable", "disable", "remove", "recover", "drop_all",
    "messages", "message", "attempts", "resend", "drop",
}  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return telling(settings)


@pytest.fixture
def asking(url: str) -> Iterator[HttpClient]:
    with HttpClient(url, "") as asking:
        yield asking


@pytest.mark.parametrize("kind", [WebhooksOverHttp, AsyncWebhooksOverHttp])
def test_both_clients_ask_as_the_direct_one_does_but_of_their_own_tenant_alone(kind: type[Any]) -> None:
    assert {name for name in vars(kind) if not name.startswith("_")} == CALLS
    for name in CALLS:
        here, there = _asked(getattr(kind, name)), _asked(getattr(Webhooks, name))
        assert here == [one for one in there if one[0] != "tenant"], name


def _asked(method: Any) -> list[tuple[str, Any, Any, Any]]:
    signature = inspect.signature(method)
    parameters = signature.parameters.values()
    asked = [(one.name, one.kind, one.default, one.annotation) for one in parameters]
    return [*asked, ("", None, None, signature.return_annotation)]


def test_an_endpoint_is_registered_changed_rotated_disabled_enabled_and_forgotten(
    asking: HttpClient, client: Client
) -> None:
    hooks = asking.webhooks
    made = hooks.create(WANTED)
    assert hooks.list() == client.webhooks.list() == (hooks.get(made.id),)
    changed = hooks.change(made.id, WebhookEndpointChange(events=("started",), description=None))
    assert (changed.events, changed.description, changed.max_per_second) == (("started",), None, 5)
    assert hooks.rotate(made.id).secret != made.secret
    assert hooks.disable(made.id).status is EndpointStatus.DISABLED
    assert hooks.enable(made.id).status is EndpointStatus.ENABLED
    hooks.remove(made.id)
    for ask in (hooks.get, hooks.test, hooks.rotate, hooks.drop_all, hooks.remove):
        with pytest.raises(NotFound):
            ask(made.id)


def test_messages_are_listed_looked_into_sent_again_dropped_and_recovered(
    asking: HttpClient, settings: Settings
) -> None:
    hooks = asking.webhooks
    endpoint_id = hooks.create(WANTED).id
    message = hooks.test(endpoint_id)
    assert hooks.message(message.id) == message
    attempted(settings, MessageStatus.FAILED)
    assert [attempt.number for attempt in hooks.attempts(message.id)] == [1]
    assert hooks.recover(endpoint_id, message.created_at - timedelta(minutes=5)) == 1
    early = datetime.fromtimestamp(message.created_at.timestamp() - 60)  # as people write it
    assert hooks.recover(endpoint_id, early, until=early + timedelta(seconds=1)) == 0
    assert hooks.drop(message.id).status is MessageStatus.DROPPED
    with pytest.raises(Conflict):
        hooks.drop(message.id)
    assert hooks.resend(message.id).status is MessageStatus.PENDING
    hooks.test(endpoint_id)
    first = hooks.messages(endpoint_id=endpoint_id, status=MessageStatus.PENDING, limit=1)
    second = hooks.messages(endpoint_id=endpoint_id, status=MessageStatus.PENDING, limit=1, cursor=first.next_cursor)
    assert (len({one.id for one in first.data + second.data}), second.next_cursor) == (2, None)
    assert hooks.messages(job_id="nobody").data == ()
    assert hooks.drop_all(endpoint_id) == 2


def test_what_cannot_be_registered_is_raised_as_by_the_direct_client(asking: HttpClient, client: Client) -> None:
    for url, kind in (("https://10.0.0.1/", UnsafeUrl), ("https://nobody.invalid/", InvalidRequest)):
        for hooks in (asking.webhooks, client.webhooks):
            with pytest.raises(kind):
                hooks.create(NewWebhookEndpoint(url=url))


@pytest.mark.usefixtures("store")
def test_a_gateway_without_a_key_that_seals_secrets_is_told_at_once(settings: Settings) -> None:
    keyless = settings.model_copy(update={"webhook_key": None})
    with (
        served(keyless) as url,
        HttpClient(url, "", retries=1000) as asking,
        pytest.raises(StackUnavailable, match="LATENTRELAY_WEBHOOK_KEY"),
    ):
        asking.webhooks.create(WANTED)


@pytest.mark.parametrize(
    ("is_repeated", "ask"),
    [
        (True, lambda hooks: hooks.list()),
        (True, lambda hooks: hooks.change("a", WebhookEndpointChange(description="shop"))),
        (True, lambda hooks: hooks.enable("a")),
        (False, lambda hooks: hooks.create(WANTED)),
        (False, lambda hooks: hooks.rotate("a")),
        (False, lambda hooks: hooks.test("a")),
        (False, lambda hooks: hooks.resend("a")),
        (False, lambda hooks: hooks.remove("a")),
    ],
)
def test_only_what_answers_alike_twice_is_asked_again_when_its_answer_is_lost(
    url: str, *, is_repeated: bool, ask: Callable[[WebhooksOverHttp], object]
) -> None:
    with Proxy(int(url.rpartition(":")[2])) as proxy:
        proxy.answer(502)
        with HttpClient(f"http://127.0.0.1:{proxy.port}", "", retries=1) as asking, pytest.raises(StackUnavailable):
            ask(asking.webhooks)
        assert proxy.connections == (2 if is_repeated else 1)


def test_an_event_loop_asks_alike(url: str, settings: Settings) -> None:
    async def ask() -> None:
        async with AsyncHttpClient(url, "") as asking:
            hooks = asking.webhooks
            made = await hooks.create(WANTED)
            assert await hooks.list() == (await hooks.get(made.id),)
            assert (await hooks.change(made.id, WebhookEndpointChange(description="x"))).description == "x"
            assert (await hooks.rotate(made.id)).secret != made.secret
            message = await hooks.test(made.id)
            attempted(settings, MessageStatus.DELIVERED)
            assert (await hooks.message(message.id)).status is MessageStatus.DELIVERED
            assert [attempt.number for attempt in await hooks.attempts(message.id)] == [1]
            assert (await hooks.resend(message.id)).status is MessageStatus.PENDING
            assert (await hooks.drop(message.id)).status is MessageStatus.DROPPED
            assert [one.id for one in (await hooks.messages()).data] == [message.id]
            assert await hooks.recover(made.id, message.created_at) == await hooks.drop_all(made.id) == 0
            assert (await hooks.disable(made.id)).status is EndpointStatus.DISABLED
            assert (await hooks.enable(made.id)).status is EndpointStatus.ENABLED
            await hooks.remove(made.id)
            with pytest.raises(NotFound):
                await hooks.get(made.id)

    asyncio.run(ask())
