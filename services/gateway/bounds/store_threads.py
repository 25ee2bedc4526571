"""What reads or removes objects does so in few threads of its own: while the store hangs, nobody else waits."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from latentrelay.errors import StorageUnavailable
from services.gateway.bounds.stalls import Stalls

SLOW_SECONDS = 5.0  # the first byte, or a piece, of a file takes milliseconds

Answered = TypeVar("Answered")
Asked = TypeVarTuple("Asked")


class StoreThreads:
    """So many threads; where the store hangs, callers are refused at once.

    Args:
        at_once: how many ask the store at the same time.
    """

    def __init__(self, at_once: int) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._stalls = Stalls(StorageUnavailable, SLOW_SECONDS)

    async def run(self, ask: Callable[[*Asked], Answered], *asked: *Asked) -> Answered:
        """What `ask` answers.

        Raises:
            StorageUnavailable: the store hangs.
        """
        self._stalls.check()

        def watched() -> Answered:
            with self._stalls.watched():
                return ask(*asked)

        return await asyncio.shield(self._begun(watched))

    async def pieces(self, pieces: Iterator[bytes]) -> AsyncGenerator[bytes]:
        """`pieces`, each brought when the one before has been taken. What has begun is not refused meanwhile."""

        def following() -> bytes:
            with self._stalls.noted():
                return next(pieces, b"")

        coming = None
        try:
            while piece := await asyncio.shield(coming := self._begun(following)):
                yield piece
        finally:
            if coming is not None:  # a thread may still be at it; then its connection goes back
                coming.add_done_callback(lambda _: _close(pieces))

    def _begun(self, work: Callable[[], Answered]) -> asyncio.Future[Answered]:
        """A task of its own: whoever waits may leave, and its place is free only when its thread is."""
        return asyncio.ensure_future(to_thread.run_sync(work, limiter=self._limiter))


def _close(pieces: Iterator[bytes]) -> None:
    if isinstance(pieces, Generator):
        pieces.close()


def store_threads_of(request: Request) -> StoreThreads:
    """Those of this gateway."""
    threads: StoreThreads = request.app.state.store_threads
    return threads
