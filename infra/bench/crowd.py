"""Those who are there beside the submissions: readers of events, readers that do not read, connections half open."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 65536


@dataclass
class Heard:
    """What all readers have read."""

    events: int = 0
    streams: int = 0


@dataclass
class Crowd:
    """Connects so many of each; each reader follows the newest job to its end, then the next.

    Args:
        url: of the gateway.
        newest: the id of the newest job, '' before there is one.
    """

    url: str
    newest: Callable[[], str]
    heard: Heard = field(default_factory=Heard)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def join(self, readers: int, silent: int, half_open: int) -> None:
        """Let them come: `silent` readers ask for events and never read, `half_open` never end their request."""
        for count, conduct in ((readers, self._read), (silent, self._stay_silent), (half_open, self._stay_half_open)):
            self._tasks += [asyncio.create_task(conduct()) for _ in range(count)]

    async def leave(self) -> None:
        """Let them go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        followed = ""
        while True:
            job_id = self.newest()
            if job_id in ("", followed):
                await asyncio.sleep(0.05)
                continue
            followed = job_id
            with suppress(OSError):
                await self._follow(job_id)

    async def _follow(self, job_id: str) -> None:
        reader, writer = await self._ask(job_id)
        self.heard.streams += 1
        try:
            while piece := await reader.read(PIECE):
                self.heard.events += piece.count(b"\nevent:") + piece.startswith(b"event:")
        finally:
            writer.close()

    async def _stay_silent(self) -> None:
        while not self.newest():
            await asyncio.sleep(0.05)
        _, writer = await self._ask(self.newest(), limit=1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio types it as a plain transport
        await asyncio.Event().wait()

    async def _stay_half_open(self) -> None:
        _, writer = await self._connect()
        writer.write(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n")
        await asyncio.Event().wait()

    async def _ask(self, job_id: str, limit: int = PIECE) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self._connect(limit)
        path = f"/v1/jobs/{job_id}/events"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return reader, writer

    async def _connect(self, limit: int = PIECE) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.url)
        return await asyncio.open_connection(parts.hostname, parts.port, limit=limit)
