"""Where a job's webhook leads."""

from datetime import UTC, datetime, timedelta

import pytest

from latentrelay.contracts import EndpointStatus, TextToImage, WebhookEndpoint, WebhookTarget
from latentrelay.egress import Allowed
from latentrelay.errors import InvalidRequest, UnsafeUrl
from latentrelay.webhooks.targets import origin_id, origin_of, target_of

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def endpoint(name: str, url: str, age: int = 0, status: EndpointStatus = EndpointStatus.ENABLED) -> WebhookEndpoint:
    return WebhookEndpoint(id=name, tenant="t", url=url, created_at=THEN - timedelta(days=age), status=status)


HOOKS = endpoint("ep_1", "https://hooks.example/in")


def asked(**webhook: str) -> TextToImage:
    return TextToImage(prompt="a cat", webhook=WebhookTarget(**webhook) if webhook else None)  # type: ignore[arg-type]


def target(request: TextToImage, *known: WebhookEndpoint, any_url: bool = False) -> str:
    return target_of(request, "t", known, allowed=Allowed(), any_url=any_url, check=_refuse_internal)


def _refuse_internal(url: str) -> None:
    if "internal" in url:
        raise UnsafeUrl


def test_a_job_that_names_no_webhook_leads_nowhere_of_its_own() -> None:
    assert target(asked(), HOOKS) == ""


def test_an_endpoint_is_known_by_its_id() -> None:
    assert target(asked(endpoint_id="ep_1"), HOOKS) == "ep_1"
    with pytest.raises(InvalidRequest, match=r"^webhook\.endpoint_id: is not the id"):
        target(asked(endpoint_id="ep_2"), HOOKS)


@pytest.mark.parametrize(
    "url", ["https://hooks.example/other?a=1", "https://HOOKS.example:443/x", "https://hooks.example./y"]
)
def test_a_url_leads_to_the_endpoint_of_its_origin(url: str) -> None:
    assert target(asked(url=url), HOOKS) == "ep_1"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example:8443/in",
        "https://hooks.example.evil/in",
        "https://evil/?https://hooks.example/in",
    ],
)
@pytest.mark.parametrize("any_url", [False, True])
def test_a_url_of_another_origin_is_refused(url: str, any_url: bool) -> None:  # noqa: FBT001 -- parametrized
    with pytest.raises(InvalidRequest, match=r"^webhook\.url: must lie under the origin"):
        target(asked(url=url), HOOKS, any_url=any_url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/in",
        "https://hooks.example@evil/in",
        "https://me:pass@hooks.example/in",
        "https://hooks.example:99999/in",
        "https://[bad/",
        "https://a\uff0fb/",
        "https://h:443\u2100/",
        "https://hooks.example/a b",
        "https://hooks.example\\in",
        "https://hooks.example/\x01",
    ],
)
def test_a_url_that_nothing_could_be_sent_to_is_refused_and_told_of_its_field(url: str) -> None:
    for any_url in (False, True):
        with pytest.raises(UnsafeUrl) as refused:
            target(asked(url=url), HOOKS, any_url=any_url)
        assert [problem.pointer for problem in refused.value.problems] == ["/webhook/url"]


def test_of_several_under_one_origin_the_oldest_that_is_enabled_is_meant() -> None:
    known = [
        endpoint("ep_new", "https://hooks.example/a", age=1),
        endpoint("ep_old", "https://hooks.example/b", age=2),
        endpoint("ep_off", "https://hooks.example/c", age=3, status=EndpointStatus.DISABLED),
    ]
    assert target(asked(url="https://hooks.example/d"), *known) == "ep_old"


def test_with_none_registered_any_url_is_for_the_operator_to_allow() -> None:
    with pytest.raises(InvalidRequest, match="registered before"):
        target(asked(url="https://hooks.example/in"))
    assert target(asked(url="https://hooks.example/in"), any_url=True) == origin_id("t", "https://hooks.example")
    with pytest.raises(UnsafeUrl):
        target(asked(url="https://internal/in"), any_url=True)


def test_an_origin_is_the_same_however_it_is_written_and_another_for_every_tenant() -> None:
    assert origin_of("https://A.example/x") == origin_of("https://a.example:443/y?z")
    assert origin_id("t", "https://a.example/x") != origin_id("u", "https://a.example/x")
