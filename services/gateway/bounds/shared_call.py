"""One call at a time, in a thread of its own: those who ask meanwhile share its answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Answered = TypeVar("Answered")


class SharedCall(Generic[Answered]):
    """So a server that hangs holds one thread, however often and by however many somebody asks.

    Args:
        name: of the thread.
        ask: what is called.
    """

    def __init__(self, name: str, ask: Callable[[], Answered]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(1, name)
        self._under_way: asyncio.Future[Answered] | None = None

    async def answer(self, within: float) -> Answered:
        """What the call under way answers, or a new one.

        Raises:
            TimeoutError: it takes longer than `within` seconds.
        """
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().run_in_executor(self._thread, self._ask)
        return await asyncio.wait_for(asyncio.shield(self._under_way), within)

    def close(self) -> None:
        """Call no more; a call that is under way ends by itself."""
        self._thread.shutdown(wait=False)
