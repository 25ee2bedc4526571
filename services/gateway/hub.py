"""Wakes those who watch jobs, one or all of them. One connection to Redis listens, however many watch.

A bell says that a stream has grown, not what it says: whoever watches reads for itself, from where it is. So one
that reads slowly holds nobody else, and nothing is kept for it here.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from redis.exceptions import RedisError

from latentrelay.jobs import News, RedisClient
from latentrelay.jobs.entries import order
from services.gateway.bounds.shared_reads import SharedReads

log = logging.getLogger(__name__)

BLOCK_MS = 1000  # of one read; a new watcher's stream is read at once, since the block is broken
AWAY_SECONDS = 1.0


class Bell:
    """Rings when a stream has grown; belongs to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """In its loop."""
        self._rung.set()

    def quiet(self) -> None:
        """Forget that it rang; what is read afterwards is not missed."""
        self._rung.clear()

    async def rings(self, within: float) -> bool:
        """Whether it rings in so many seconds."""
        try:
            await asyncio.wait_for(self._rung.wait(), within)
        except TimeoutError:
            return False
        return True


class Hub:
    """Listens to every stream that somebody watches.

    Args:
        redis: a client of its own; one connection of it listens, another breaks the listening.
    """

    def __init__(self, redis: RedisClient) -> None:
        self.reads = SharedReads[News]()
        """Of streams that many watch."""
        self._redis = redis
        self._bells: dict[str, set[Bell]] = {}
        self._seen: dict[str, str] = {}
        self._changing = threading.Lock()
        self._watched = threading.Event()
        self._changed = threading.Event()
        self._closed = False
        self._listener_id: int | None = None

    def start(self) -> None:
        """Begin listening."""
        for work in (self._listen, self._begin_anew):
            threading.Thread(target=work, name="hub", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self._watched.set()
        self._changed.set()

    @contextmanager
    def watching(self, key: str, after: str) -> Iterator[Bell]:
        """A bell for the stream under `key`, rung for what follows the entry `after`."""
        bell = Bell(asyncio.get_running_loop())
        with self._changing:
            is_new = key not in self._bells
            self._bells.setdefault(key, set()).add(bell)
            self._seen[key] = min(self._seen.get(key, after), after, key=order)
        self._watched.set()
        if is_new:
            self._changed.set()
        try:
            yield bell
        finally:
            self._leave(key, bell)

    def heard(self, key: str) -> str | None:
        """The last entry of a stream that bells were rung for: a read that begins now has it."""
        return self._seen.get(key)

    def _leave(self, key: str, bell: Bell) -> None:
        with self._changing:
            self._bells[key].discard(bell)
            if not self._bells[key]:
                del self._bells[key], self._seen[key]

    def _begin_anew(self) -> None:
        """Break the block of the listener when streams come, beside the event loop: a Redis that hangs holds nobody.

        Where that fails, the listener begins anew when its block is over.
        """
        while not self._closed:
            self._changed.wait()
            self._changed.clear()
            if self._listener_id is not None:
                with suppress(RedisError):
                    self._redis.client_unblock(self._listener_id)

    def _listen(self) -> None:
        while not self._closed:
            self._watched.wait()
            if self._closed:
                return
            try:
                self._hear()
            except RedisError as error:
                log.warning("Redis is away, nobody is woken: %s", error)
                self._listener_id = None
                self._ring(list(self._bells))  # they find out for themselves
                time.sleep(AWAY_SECONDS)

    def _hear(self) -> None:
        with self._redis.client() as listener:  # one connection, whose id is known
            self._listener_id = listener.client_id()
            while not self._closed:
                with self._changing:
                    streams = dict(self._seen)
                    if not streams:
                        self._watched.clear()
                if not streams:
                    return
                for key, entries in listener.xread(streams, count=1000, block=BLOCK_MS):
                    self._heard(key, entries[-1][0])

    def _heard(self, key: str, entry_id: str) -> None:
        with self._changing:
            if key in self._seen:
                self._seen[key] = entry_id
        self._ring([key])

    def _ring(self, streams: list[str]) -> None:
        with self._changing:
            bells = [bell for key in streams for bell in self._bells.get(key, ())]
        for loop in {bell.loop for bell in bells}:
            with suppress(RuntimeError):  # the loop is closed: nobody watches any more
                loop.call_soon_threadsafe(_ring_together, [bell for bell in bells if bell.loop is loop])


def _ring_together(bells: Iterable[Bell]) -> None:
    """In one step of their loop: those who read the same then share the read."""
    for bell in bells:
        bell.ring()
