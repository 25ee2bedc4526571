"""Those who are there beside the submissions: readers of events, readers that do not read, connections half open."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from infra.bench.arrivals import asked
from infra.bench.wire import Wire

PIECE = 65536


@dataclass
class Heard:
    """What all readers have read."""

    events: int = 0
    jobs: int = 0


@dataclass
class Crowd:
    """Connects so many of each; each reader follows a job of its own to its end, then the next."""

    url: str
    heard: Heard = field(default_factory=Heard)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def join(self, readers: int, silent: int, half_open: int) -> None:
        """Let them come: `silent` readers ask for events and never read, `half_open` never end their request."""
        self._wire = Wire(self.url)
        for count, conduct in ((readers, self._read), (silent, self._stay_silent), (half_open, self._stay_half_open)):
            self._tasks += [asyncio.create_task(conduct()) for _ in range(count)]

    async def leave(self) -> None:
        """Let them go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            with suppress(OSError):
                await self._follow(await self._events_of_a_job())

    async def _follow(self, events: str) -> None:
        reader, writer = await self._wire.get(events)
        try:
            while piece := await reader.read(PIECE):
                self.heard.events += piece.count(b"event: ")
            self.heard.jobs += 1
        finally:
            writer.close()

    async def _stay_silent(self) -> None:
        _, writer = await self._wire.get(await self._events_of_a_job(), limit=1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio types it as a plain transport
        await asyncio.Event().wait()

    async def _stay_half_open(self) -> None:
        _, writer = await self._wire.connect()
        writer.write(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n")
        await asyncio.Event().wait()

    async def _events_of_a_job(self) -> str:
        job = await self._wire.post("/v1/jobs", asked("interactive"))
        return f"{job['href']}/events"
