"""HTTP/1.1 over kept connections, as thin as it gets: the load must not take the processor from what bears it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Wire:
    """Connections to one gateway; as many as are used at once."""

    url: str
    _free: list[Connection] = field(default_factory=list)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON that answers a POST.

        Raises:
            OSError: the connection ended, or the answer is no success.
        """
        connection = self._free.pop() if self._free else await self.connect()
        data = json.dumps(body).encode()
        headers = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        connection[1].write(f"POST {path} HTTP/1.1\r\n{headers}".encode() + data)
        status, answer = await _read(connection[0])
        self._free.append(connection)
        if not 200 <= status < 300:  # noqa: PLR2004  # the successes of HTTP
            raise OSError(f"answered with {status}")
        told: dict[str, Any] = json.loads(answer)
        return told

    async def connect(self, limit: int = 65536) -> Connection:
        """A connection of its own."""
        parts = urlsplit(self.url)
        return await asyncio.open_connection(parts.hostname, parts.port, limit=limit)

    async def get(self, path: str, limit: int = 65536) -> Connection:
        """A connection on which `path` was asked for; the answer is the caller's to read."""
        connection = await self.connect(limit)
        connection[1].write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        await connection[1].drain()
        return connection


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise OSError("the connection ended") from error
    lines = head.decode("latin-1").split("\r\n")
    told = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), await reader.readexactly(int(told["content-length"]))
