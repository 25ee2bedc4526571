"""Where a job's webhook leads: to a registered endpoint, by its id or by the origin of a URL."""

import hashlib
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from latentrelay.contracts import JobRequest, WebhookEndpoint
from latentrelay.egress import Allowed, canonical, parse_target
from latentrelay.errors import Contradiction, FieldProblem, UnsafeUrl

URL_FIELD, ENDPOINT_FIELD = "webhook.url", "webhook.endpoint_id"
ORIGIN = "url_"
DEFAULT_PORTS = {"https": 443, "http": 80}

Check = Callable[[str], None]
"""Raises where a URL may not be sent to."""


def target_of(
    request: JobRequest,
    tenant: str,
    endpoints: Iterable[WebhookEndpoint],
    *,
    allowed: Allowed,
    any_url: bool,
    check: Check,
) -> str:
    """The id of the endpoint that is told of a job; empty where it names no webhook of its own.

    Args:
        request: of the job.
        tenant: who submits it.
        endpoints: those that the tenant registered.
        allowed: what the operator allows beyond the public internet.
        any_url: whether a tenant that registered none may name any URL.
        check: what such a URL is held against.

    Raises:
        Contradiction: there is no such endpoint, or the URL lies under none.
        UnsafeUrl: the URL could be sent to nowhere; and as `check`.
    """
    webhook, known = request.webhook, [*endpoints]
    if webhook is None:
        return ""
    if webhook.url is None:
        return _registered(webhook.endpoint_id or "", known)
    _check_form(webhook.url, allowed)
    if not known and any_url:
        check(webhook.url)
        return origin_id(tenant, webhook.url)
    return _under(webhook.url, known, any_url=any_url)


def origin_of(url: str) -> str:
    """Scheme, host and port of `url` (RFC 6454): where one of its paths is trusted, all of them are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{canonical(parts.hostname or '')}:{_port(parts)}"


def origin_id(tenant: str, url: str) -> str:
    """The id of the endpoint that stands for an origin which its tenant did not register."""
    return ORIGIN + hashlib.sha256(f"{tenant} {origin_of(url)}".encode()).hexdigest()[:16]


def is_origin(endpoint_id: str) -> bool:
    """Whether it is the id of such an endpoint."""
    return endpoint_id.startswith(ORIGIN)


def _check_form(url: str, allowed: Allowed) -> None:
    try:
        parse_target(url, allowed)
    except UnsafeUrl as error:
        raise unsafe_at(URL_FIELD, error) from None


def unsafe_at(field: str, error: UnsafeUrl) -> UnsafeUrl:
    """`error`, told of the field that holds the URL."""
    error.problems = (FieldProblem("/" + field.replace(".", "/"), error.detail),)
    return error


def _registered(endpoint_id: str, known: Iterable[WebhookEndpoint]) -> str:
    if all(endpoint.id != endpoint_id for endpoint in known):
        raise Contradiction.at(ENDPOINT_FIELD, "is not the id of a webhook endpoint of yours")
    return endpoint_id


def _under(url: str, known: list[WebhookEndpoint], *, any_url: bool) -> str:
    origin = origin_of(url)
    found = [endpoint for endpoint in known if origin_of(endpoint.url) == origin]
    if found:  # the oldest one that is enabled: they are listed newest first
        return min(found, key=lambda endpoint: (endpoint.status != "enabled", endpoint.created_at)).id
    if any_url:
        raise Contradiction.at(URL_FIELD, "must lie under the origin of one of your webhook endpoints")
    raise Contradiction.at(URL_FIELD, "must lie under the origin of a webhook endpoint that you registered before")


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:  # out of range: no endpoint has it
        return None
