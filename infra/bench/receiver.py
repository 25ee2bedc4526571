"""`python -m infra.bench.receiver`: answers 204 to whatever is posted; tells its port first."""

import asyncio
import re

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read one request and answer it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if told := LENGTH.search(head):
            await reader.readexactly(int(told[1]))
        writer.write(ANSWER)
        await writer.drain()
    finally:
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
