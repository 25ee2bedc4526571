"""What a caller may still ask in this minute, told on every answer to a good key."""

import math

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.access import Admission


class RateHeaders:
    """ASGI middleware: tells the admission that `access` left in the request's state, whatever the answer is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put the headers on its answer."""
        state = scope.setdefault("state", {})

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(rate_headers(state.get("admission")))
            await send(message)

        await self._app(scope, receive, told)


def rate_headers(admission: Admission | None) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers has them: requests in a minute."""
    if admission is None:
        return {}
    return {
        "RateLimit-Policy": f'"requests";q={admission.key.quotas.per_minute};w=60',
        "RateLimit": f'"requests";r={admission.remaining};t={math.ceil(admission.reset_seconds)}',
    }
