"""A caller who was let in and follows something may be shut out meanwhile."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from latentrelay.errors import StackUnavailable
from services.gateway.access import Caller
from services.gateway.gateway import Gateway

LOOK_SECONDS = 1.0


async def while_admitted(
    gateway: Gateway, caller: Caller, frames: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """`frames`, pings among them, until the caller's key is revoked: looked for before one, at most once in a while."""
    looked = time.monotonic()
    async with aclosing(frames):
        async for frame in frames:
            if time.monotonic() - looked >= LOOK_SECONDS:
                if not await asyncio.to_thread(is_admitted, gateway, caller):
                    return
                looked = time.monotonic()
            yield frame


def is_admitted(gateway: Gateway, caller: Caller) -> bool:
    """Whether `caller` would still be let in; a Redis that is away shuts out nobody who is in."""
    try:
        if caller.admission is None:
            return not gateway.keys.any()
        return not gateway.keys.is_revoked(caller.admission.key.id)
    except StackUnavailable:
        return True
