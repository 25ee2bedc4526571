"""Answers that are sent piece by piece, to readers of any pace."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Message, Send


class ReaderAway(Exception):
    """Who asked takes nothing of the answer any more."""


class Streamed(StreamingResponse):
    """An answer in pieces. Nothing is made ahead; a reader who takes nothing for `patience` seconds is left."""

    def __init__(self, pieces: Any, *, patience: float, **options: Any) -> None:
        super().__init__(pieces, **options)
        self._patience = patience

    async def stream_response(self, send: Send) -> None:
        """Send it.

        Raises:
            ReaderAway: its reader took nothing for too long.
        """

        async def bounded(message: Message) -> None:
            try:
                await asyncio.wait_for(send(message), self._patience)
            except TimeoutError:
                raise ReaderAway from None

        pieces: Any = self.body_iterator
        async with aclosing(pieces):
            await super().stream_response(bounded)


async def lively(pieces: AsyncIterator[bytes], every: float, ping: bytes) -> AsyncGenerator[bytes, None]:
    """`pieces`, and a `ping` whenever none came for `every` seconds; whatever they wait for."""
    coming: asyncio.Future[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(pieces, b""))
            if not (await asyncio.wait({coming}, timeout=every))[0]:
                yield ping
                continue
            piece, coming = coming.result(), None
            if not piece:
                return
            yield piece
    finally:
        if coming is not None:
            coming.cancel()  # which ends `pieces` where they wait
