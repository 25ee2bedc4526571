"""OpenAI's own client, and keys."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from openai import OpenAI

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Quotas, Scope
from latentrelay.jobs import Limits
from latentrelay.settings import Settings
from tests.gateway.openai.asking import LONG, PROMPT
from tests.processes import until


@pytest.fixture(scope="module")
def keys(settings: Settings) -> Iterator[Keys]:
    keys = Keys.of(settings)
    yield keys
    keys.close()


def client_with(url: str, key: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def test_a_key_is_what_openai_calls_a_key(url: str, keys: Keys) -> None:
    _, text = keys.create("for the tests", scopes=[Scope.SUBMIT, Scope.READ])
    with client_with(url, text) as ai:
        assert ai.images.generate(prompt=PROMPT, model="sdxl-base").data
        assert ai.models.list().data


def test_without_a_good_key_nobody_is_let_in(url: str, keys: Keys) -> None:
    keys.create("somebody else's", scopes=[Scope.SUBMIT])
    with client_with(url, "lr_none") as ai, pytest.raises(openai.AuthenticationError) as raised:
        ai.images.generate(prompt=PROMPT)
    assert (raised.value.code, raised.value.type) == ("unauthorized", "authentication_error")


def test_a_key_that_may_only_read_draws_nothing(url: str, keys: Keys) -> None:
    _, text = keys.create("reads", scopes=[Scope.READ])
    with client_with(url, text) as ai, pytest.raises(openai.PermissionDeniedError) as raised:
        ai.images.generate(prompt=PROMPT)
    assert (raised.value.code, raised.value.type) == ("forbidden", "permission_error")


def test_who_asks_too_often_is_told_when_to_come_again(url: str, keys: Keys) -> None:
    _, text = keys.create("asks often", scopes=[Scope.READ], quotas=Quotas(per_minute=1))
    with client_with(url, text) as ai, pytest.raises(openai.RateLimitError) as raised:
        for _ in range(3):  # a new minute may begin in between
            ai.models.list()
    assert (raised.value.code, raised.value.type) == ("rate_limited", "rate_limit_error")
    assert 0 < int(raised.value.response.headers["Retry-After"]) <= 60
    assert "RateLimit" in raised.value.response.headers


def test_who_waits_for_images_and_is_shut_out_meanwhile_gets_none(url: str, keys: Keys, client: Client) -> None:
    key, text = keys.create("shut out", scopes=[Scope.SUBMIT, Scope.READ])
    with client_with(url, text) as ai, ThreadPoolExecutor(1) as callers:
        waiting = callers.submit(ai.images.generate, prompt=PROMPT, model="sdxl-base", extra_body={"metadata": LONG})
        theirs = client.confined_to(key.tenant, Limits())
        until(lambda: bool(theirs.list().jobs), "the job is there")
        keys.revoke(key.id)
        client.cancel(theirs.list().jobs[0].id)
        with pytest.raises(openai.AuthenticationError):
            waiting.result()
