"""What a caller may still ask in this minute, and how many jobs may fly, told on every answer to a good key."""

import math

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.access import Admission


class RateHeaders:
    """ASGI middleware: tells the admission that `access` left in the request's state, whatever the answer is.

    Args:
        app: what the requests go to.
        most_in_flight: what any tenant may have, whatever its quota.
    """

    def __init__(self, app: ASGIApp, most_in_flight: int) -> None:
        self._app = app
        self._most_in_flight = most_in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put the headers on its answer."""
        state = scope.setdefault("state", {})

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(rate_headers(state.get("admission"), self._most_in_flight))
            await send(message)

        await self._app(scope, receive, told)


def rate_headers(admission: Admission | None, most_in_flight: int) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers has them.

    Requests in a minute; and jobs in flight, as they were when the request came.
    """
    if admission is None:
        return {}
    quotas, resets = admission.key.quotas, math.ceil(admission.reset_seconds)
    in_flight = min(quotas.in_flight, most_in_flight)
    left = max(0, in_flight - admission.in_flight)
    return {
        "RateLimit-Policy": f'"requests";q={quotas.per_minute};w=60, "in-flight";q={in_flight}',
        "RateLimit": f'"requests";r={admission.remaining};t={resets}, "in-flight";r={left}',
    }
