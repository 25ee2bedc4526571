"""Who asks, and whether they may: the one dependency of every route under /v1."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from latentrelay.access import Admission
from latentrelay.client import Client
from latentrelay.contracts import Scope
from latentrelay.errors import Forbidden, Unauthorized
from services.gateway.gateway import Gateway

bearer = HTTPBearer(auto_error=False, description="An API key, made by `latentrelay keys create`.")


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    tenant: str
    client: Client
    """Sees what the caller may see, and no more."""
    scopes: frozenset[Scope]
    admission: Admission | None = None
    """None where no key is needed."""


def gateway_of(request: Request) -> Gateway:
    """What stands behind the routes."""
    gateway: Gateway = request.app.state.gateway
    return gateway


def caller_with(scope: Scope) -> Callable[..., Caller]:
    """The dependency that lets in callers who have `scope`."""

    def caller(
        request: Request,
        response: Response,
        _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Caller:
        found = admitted(gateway_of(request), request)
        request.state.caller = found
        response.headers.update(rate_headers(found.admission))
        if scope not in found.scopes and Scope.ADMIN not in found.scopes:
            raise Forbidden(f"This API key has not the scope {scope}.")
        return found

    return caller


Reader = Annotated[Caller, Depends(caller_with(Scope.READ))]
Submitter = Annotated[Caller, Depends(caller_with(Scope.SUBMIT))]


def admitted(gateway: Gateway, request: Request) -> Caller:
    """Who asks, by the key that the request brings.

    Raises:
        Unauthorized: it brings none that is valid, and one is needed.
        RateLimited: its tenant has asked too often in this minute.
        Forbidden: no key is needed here, and the request comes from a page of somebody else.
    """
    scheme, text = get_authorization_scheme_param(request.headers.get("Authorization"))
    if gateway.may_be_open and not gateway.keys.any():
        refuse_foreign_pages(request)
        tenant = gateway.settings.tenant
        return Caller(tenant, gateway.confined(tenant, None), frozenset(Scope))
    if scheme.lower() != "bearer" or not text:
        raise Unauthorized
    admission = gateway.keys.admit(text)
    key = admission.key
    sees_all = Scope.ADMIN in key.scopes
    client = gateway.client if sees_all else gateway.confined(key.tenant, key.quotas)
    return Caller(key.tenant, client, key.scopes, admission)


def rate_headers(admission: Admission | None) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers has them: requests in a minute."""
    if admission is None:
        return {}
    return {
        "RateLimit-Policy": f'"requests";q={admission.key.quotas.per_minute};w=60',
        "RateLimit": f'"requests";r={admission.remaining};t={int(admission.reset_seconds)}',
    }


def refuse_foreign_pages(request: Request) -> None:
    """Where no key is needed, a browser on this machine must not be led here by a page of somebody else.

    Raises:
        Forbidden: the Host is a name that could be anybody's, or the page that asks is of another origin.
    """
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if not _is_here(host) or (origin is not None and origin.split("://")[-1] != host):
        raise Forbidden("Without API keys only this machine may ask, by the name localhost or an IP address.")


def _is_here(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")) is not None
    except ValueError:
        return False


def documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for its document: every route's own, beside `codes`."""
    every = {400, 401, 403, 413, 429, 503, *codes}
    schema = {"$ref": "#/components/schemas/HttpProblem"}
    return {
        code: {"description": "A problem.", "content": {"application/problem+json": {"schema": schema}}}
        for code in sorted(every)
    }
