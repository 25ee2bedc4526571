"""What asks the object store does so in few threads of its own: while it hangs, nobody waits who needs it not."""

from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from latentrelay.errors import StorageUnavailable
from services.gateway.bounds.stalls import Stalls

SLOW_SECONDS = 5.0  # the first byte, or a piece, of a file takes milliseconds

Answered = TypeVar("Answered")
Asked = TypeVarTuple("Asked")


class Few:
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

        return await to_thread.run_sync(watched, limiter=self._limiter)

    async def pieces(self, pieces: Iterator[bytes]) -> AsyncGenerator[bytes]:
        """`pieces`, each brought when the one before has been taken. What has begun is not refused meanwhile."""

        def following() -> bytes:
            with self._stalls.noted():
                return next(pieces, b"")

        try:
            while piece := await to_thread.run_sync(following, limiter=self._limiter):
                yield piece
        finally:
            if isinstance(pieces, Generator):
                pieces.close()  # its connection goes back


def few_of(request: Request) -> Few:
    """Those of this gateway."""
    few: Few = request.app.state.few
    return few
