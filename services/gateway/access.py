"""Who asks, and whether they may: the one dependency of every route under /v1."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from latentrelay.access import Admission, AskedTooOften
from latentrelay.client import Client
from latentrelay.contracts import Scope
from latentrelay.errors import Forbidden, Unauthorized
from services.gateway.foreign import refuse_foreign
from services.gateway.gateway import Gateway

WITHOUT_KEY = frozenset(Scope)  # on this machine alone, which could ask Redis and the store as well

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

    def check(self, scope: Scope) -> None:
        """Refuse what this caller may not do.

        Raises:
            Forbidden: its key has not `scope`.
        """
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            raise Forbidden(f"This API key has not the scope {scope}.")


def gateway_of(request: Request) -> Gateway:
    """What stands behind the routes."""
    gateway: Gateway = request.app.state.gateway
    return gateway


def caller_with(scope: Scope) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """The dependency that lets in callers who have `scope`."""

    async def caller(
        request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
    ) -> Caller:
        gateway = gateway_of(request)
        gateway.stalls.check()  # before it takes a thread
        found = await run_in_threadpool(admitted, gateway, request)
        request.state.caller = found
        found.check(scope)
        return found

    return caller


Reader = Annotated[Caller, Depends(caller_with(Scope.READ))]
Submitter = Annotated[Caller, Depends(caller_with(Scope.SUBMIT))]
Administrator = Annotated[Caller, Depends(caller_with(Scope.ADMIN))]


def admitted(gateway: Gateway, request: Request) -> Caller:
    """Who asks, by the key that the request brings; what its tenant may still ask is left for `RateHeaders` to tell.

    Raises:
        Unauthorized: it brings none that is valid, and one is needed.
        RateLimited: its tenant has asked too often in this minute.
        Forbidden: no key is needed here, and somebody beyond this machine may be behind the request.
        StackUnavailable: Redis does not answer.
    """
    with gateway.stalls.watched():
        return _admitted(gateway, request)


def _admitted(gateway: Gateway, request: Request) -> Caller:
    if gateway.may_be_open and not gateway.keys.any():
        refuse_foreign(request.headers, request.scope["http_version"])
        tenant = gateway.settings.tenant
        return Caller(tenant, gateway.confined(tenant, None, sees_all=True), WITHOUT_KEY)
    try:
        admission = request.state.admission = gateway.keys.admit(key_in(request))
    except AskedTooOften as error:
        request.state.admission = error.admission
        raise
    key = admission.key
    client = gateway.confined(key.tenant, key.quotas, sees_all=key.may(Scope.ADMIN))
    return Caller(key.tenant, client, key.scopes, admission)


def key_in(request: Request) -> str:
    """The API key that a request brings, good or not.

    Raises:
        Unauthorized: it brings none.
    """
    scheme, text = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer":
        raise Unauthorized
    return text


def documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for its document: every route's own, beside `codes`."""
    return problems_documented(400, 401, 403, 413, 429, 503, *codes)


def problems_documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with which needs no key."""
    schema = {"$ref": "#/components/schemas/HttpProblem"}
    return {
        code: {"description": "A problem.", "content": {"application/problem+json": {"schema": schema}}}
        for code in sorted(set(codes))
    }
