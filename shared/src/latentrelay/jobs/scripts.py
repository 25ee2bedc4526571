"""The Lua scripts: each a file of its own, behind the preludes that all of them share."""

from functools import cache
from importlib.resources import files
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError

from latentrelay.jobs.connection import RedisClient

PRELUDES = ("ground", "lanes", "record")
REPLICA_MS = 2000  # below the socket timeout
UNWILLING = ("MISCONF", "NOREPLICAS", "OOM", "MASTERDOWN", "LOADING", "TRYAGAIN", "CLUSTERDOWN", "UNKILLABLE", "BUSY ")
"""How errors begin by which a server that answers says that it takes no writes now."""


class Unreplicated(RedisConnectionError):
    """Too few replicas confirmed a write; it may be lost with the primary."""


@cache
def source(name: str) -> str:
    """The text of one script, its preludes first."""
    folder = files("latentrelay.jobs") / "lua"
    return "".join((folder / f"{part}.lua").read_text("utf-8") for part in (*PRELUDES, name))


class Scripts:
    """Runs a script by its name, sent once and then known to the server by its hash.

    Args:
        redis: the client.
        replicas: how many replicas must have a durable write before it is answered.
    """

    def __init__(self, redis: RedisClient, replicas: int = 0) -> None:
        self._redis = redis
        self._replicas = replicas
        self._loaded: dict[str, Any] = {}

    def run(self, name: str, *arguments: str | int | float, durable: bool = False) -> Any:
        """Run `name` with ARGV = `arguments`; what it returns is in its own file.

        Raises:
            Unreplicated: it ran, but too few replicas confirmed a `durable` write in time. It may be repeated.
            RedisConnectionError: the server cannot be reached, or takes no writes now.
        """
        if name not in self._loaded:
            self._loaded[name] = self._redis.register_script(source(name))
        try:
            if durable and self._replicas:
                return self._run_replicated(name, arguments)
            return self._loaded[name](args=arguments)
        except ResponseError as error:
            if str(error).startswith(UNWILLING):
                raise RedisConnectionError(str(error)) from error
            raise

    def _run_replicated(self, name: str, arguments: tuple[str | int | float, ...]) -> Any:
        """WAIT counts the writes of its own connection: both go through one."""
        with self._redis.client() as connection:
            try:
                answer = connection.evalsha(self._loaded[name].sha, 0, *arguments)
            except NoScriptError:
                answer = connection.eval(source(name), 0, *arguments)
            confirmed = connection.wait(self._replicas, REPLICA_MS)
        if confirmed < self._replicas:
            raise Unreplicated(f"{confirmed} of {self._replicas} replicas confirmed the write")
        return answer
