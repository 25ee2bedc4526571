"""What asks the store: so many threads and no more, whoever waits for them or leaves."""

import asyncio
import threading
from collections.abc import Iterator

from services.gateway.bounds.store_threads import StoreThreads


def test_who_leaves_frees_no_place_while_its_thread_is_still_at_it() -> None:
    begun, may_end = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        begun.release()
        may_end.wait()

    async def tried() -> None:
        threads = StoreThreads(at_once=1)
        leaving = asyncio.ensure_future(threads.run(hang))
        await asyncio.to_thread(begun.acquire)
        leaving.cancel()
        following = asyncio.ensure_future(threads.run(may_end.is_set))
        await asyncio.sleep(0.05)
        assert not following.done()
        may_end.set()
        assert await following

    asyncio.run(tried())


def test_a_reader_who_leaves_while_a_piece_comes_gives_back_what_it_came_from() -> None:
    begun, may_end, given_back = threading.Event(), threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            begun.set()
            may_end.wait()
            yield b"two"
        finally:
            given_back.set()

    async def tried() -> None:
        reading = StoreThreads(at_once=1).pieces(pieces())
        assert await anext(reading) == b"one"
        leaving = asyncio.ensure_future(anext(reading))
        await asyncio.to_thread(begun.wait)
        leaving.cancel()
        await asyncio.wait({leaving})
        may_end.set()
        assert await asyncio.to_thread(given_back.wait, 30)

    asyncio.run(tried())
