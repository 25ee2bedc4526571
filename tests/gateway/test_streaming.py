"""Answers that are streamed, to readers who take nothing, or leave."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from services.gateway.request_log import RequestLog
from services.gateway.streaming import Streamed, lively
from tests.gateway.serving import serving

PIECE = b"x" * 100_000
HOST = "127.0.0.1"


class Source:
    """A stream without end, and whether it was ended all the same."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.pieces = 0

    async def flowing(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.pieces += 1
                yield PIECE
                await asyncio.sleep(0)
        finally:
            self.ended.set()

    def app(self, patience: float) -> RequestLog:
        async def stream(_: Request) -> Streamed:
            return Streamed(self.flowing(), patience=patience)

        async def other(_: Request) -> Streamed:
            return Streamed(iter((b"whole",)), patience=patience)

        return RequestLog(Starlette(routes=[Route("/", stream), Route("/other", other)]))


def asked(url: str) -> socket.socket:
    """A connection whose answer nobody reads."""
    asking = socket.create_connection((HOST, int(urlsplit(url).port or 0)), timeout=30)
    asking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return asking


def test_a_reader_who_takes_nothing_is_left_and_holds_neither_memory_nor_others() -> None:
    source = Source()
    with serving(source.app(patience=0.5)) as url, closing(asked(url)):
        assert httpx2.get(f"{url}/other").content == b"whole"
        assert source.ended.wait(timeout=60)
        assert source.pieces < 1000  # what the kernel's buffers hold; nothing was made ahead
        assert httpx2.get(f"{url}/other").content == b"whole"


def test_a_reader_who_leaves_ends_the_stream() -> None:
    source = Source()
    with serving(source.app(patience=60)) as url:
        asked(url).close()
        assert source.ended.wait(timeout=60)


def test_a_stream_pings_while_it_waits_and_is_ended_with_its_reader() -> None:
    async def heard() -> tuple[list[bytes], bool]:
        come, left = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await come.wait()
                yield b"second"
                await asyncio.Event().wait()
            finally:
                left.set()

        stream, told = lively(slow(), 0.01, b"ping"), []
        async for piece in stream:
            told.append(piece)
            if len(told) == 3:
                come.set()
            if told[-2:] == [b"second", b"ping"]:
                break
        await stream.aclose()
        await asyncio.wait_for(left.wait(), 10)
        return told, left.is_set()

    told, left = asyncio.run(heard())
    assert told[:3] == [b"first", b"ping", b"ping"]
    assert left


def test_what_breaks_under_a_stream_breaks_it(caplog) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise LookupError("fnord")

    async def stream(_: Request) -> Streamed:
        return Streamed(broken(), patience=1, headers={"Content-Length": "8"})

    with serving(RequestLog(Starlette(routes=[Route("/", stream)]))) as url:
        try:
            httpx2.get(url)
        except httpx2.RemoteProtocolError:
            pass
        else:
            raise AssertionError("it arrived whole")
    assert "fnord" not in caplog.text
