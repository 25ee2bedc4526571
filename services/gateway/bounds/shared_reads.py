"""Reads that several ask for at one moment, made once."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Read = TypeVar("Read")


class SharedReads(Generic[Read]):
    """So many who watch one stream cost Redis as much as one. Belongs to one event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Future[Read]] = {}

    async def read(self, what: Hashable, ask: Callable[[], Read]) -> Read:
        """The answer to the call under way for `what`, or to a new one. What `ask` raises all of them are told."""
        found = self._under_way.get(what)
        if found is None:
            found = self._under_way[what] = asyncio.ensure_future(asyncio.to_thread(ask))
            found.add_done_callback(lambda _: self._under_way.pop(what))
        return await asyncio.shield(found)
