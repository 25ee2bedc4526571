"""What the stack keeps in its folder from one start to the next: secrets and ports."""

import json
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

# Below the ports that systems give to outgoing connections (Linux 32768, macOS 49152 and up): a client reconnecting to
# a dead server could otherwise be given that server's port, be connected to itself, and keep the server out.
PORTS = range(20_000, 32_000)


def own_folder(folder: Path) -> Path:
    """Make `folder` for this user alone, and return it as an absolute path."""
    absolute = folder.expanduser().resolve()
    absolute.mkdir(mode=0o700, parents=True, exist_ok=True)
    return absolute


def write_private(file: Path, text: str) -> None:
    """Write `file` at once and for this user alone: readers see the old text or the new one."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:  # noqa: PTH123 - pathlib sets no mode
        out.write(text)
    draft.replace(file)


def kept_secret(file: Path) -> str:
    """The secret in `file`; a new one of 160 random bits where there is none."""
    if not file.exists():
        write_private(file, secrets.token_hex(20))
    return file.read_text(encoding="utf-8")


def kept_ports(file: Path, names: Sequence[str]) -> dict[str, int]:
    """A free port for each of `names`: those of the last start where they are still free."""
    wanted = _read_ports(file)
    fresh = _free_ports(taken=set(wanted.values()))
    ports = {name: wanted[name] if is_free(wanted.get(name, 0)) else next(fresh) for name in names}
    write_private(file, json.dumps(ports))
    return ports


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port of an address of this machine."""
    if not 0 < port < 65536:  # noqa: PLR2004 - the ports there are
        return False
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.socket(found[0][0]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        return False
    return True


def _read_ports(file: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # never written, or damaged: new ports do as well


def _free_ports(taken: set[int]) -> Iterator[int]:
    while True:
        port = secrets.choice(PORTS)
        if port not in taken and is_free(port):
            taken.add(port)
            yield port
