"""Places for what others decide the pace of, or what is large: few in all, and fewer of one tenant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from fastapi import Request

from latentrelay.contracts import JobRequest
from latentrelay.errors import QueueFull
from latentrelay.settings import Settings
from latentrelay.sources import comes_from_outside

COME_BACK_SECONDS = 5.0


class Places:
    """Whoever holds one may go on. A tenant waits for its own first, so that it never takes all that others wait for.

    Args:
        at_once: how many there are.
        each: how many of them one tenant may hold.
        patience: seconds that somebody waits for one.
    """

    def __init__(self, at_once: int, each: int, patience: float) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._each = each
        self._patience = patience
        self._own: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, tenant: str) -> AsyncIterator[None]:
        """Hold one inside.

        Raises:
            QueueFull: none was free for too long; the inside is not entered.
        """
        own = self._own.setdefault(tenant, asyncio.Semaphore(self._each))  # gone when nobody of the tenant is here
        async with AsyncExitStack() as places:
            try:
                async with asyncio.timeout(self._patience):
                    await places.enter_async_context(own)
                    await places.enter_async_context(self._all)
            except TimeoutError:
                told = "Too many requests that are large, or wait for other servers, are being taken in already."
                raise QueueFull(told, retry_after=COME_BACK_SECONDS) from None
            yield


def places_of(request: Request) -> Places:
    """Those of this gateway."""
    places: Places = request.app.state.bringing
    return places


def waits_for_others(wanted: JobRequest, settings: Settings) -> bool:
    """Whether somebody else's server, one that brings an image or one that knows a host, decides how long it takes."""
    names_url = wanted.webhook is not None and wanted.webhook.url is not None
    return comes_from_outside(wanted) or (names_url and settings.webhook_any_url)
