"""The Lua scripts: each a file of its own, behind the preludes that all of them share."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError, ResponseError

from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient

REPLICA_MS = 2000  # below the socket timeout
MARK_SECONDS = 1
Argument: TypeAlias = str | bytes | int | float
UNWILLING = re.compile(
    r"\b(MISCONF|NOREPLICAS|OOM|MASTERDOWN|LOADING|TRYAGAIN|CLUSTERDOWN|UNKILLABLE|BUSY|UNBLOCKED)\b"
)
"""What a server that answers says where it takes no writes now."""


@dataclass(frozen=True)
class Library:
    """A folder of scripts: the package that it lies in, and the preludes that come before each, as package and name."""

    package: str
    preludes: tuple[tuple[str, str], ...]


JOBS = Library(
    "latentrelay.jobs",
    tuple(("latentrelay.jobs", name) for name in ("ground", "lanes", "outbox", "feed", "recent", "record")),
)


class Unreplicated(RedisConnectionError):
    """Too few replicas confirmed a write; it may be lost with the primary."""


@cache
def source(name: str, library: Library = JOBS) -> str:
    """The text of one script, its preludes first."""
    parts = (*library.preludes, (library.package, name))
    return "".join((files(package) / "lua" / f"{part}.lua").read_text("utf-8") for package, part in parts)


@contextmanager
def willing() -> Iterator[None]:
    """A server that takes no writes is as good as away.

    Raises:
        RedisConnectionError: it takes none; what was to be written is not repeated.
    """
    try:
        yield
    except ResponseError as error:
        if found := UNWILLING.search(str(error)):
            raise RedisConnectionError(f"it takes no writes now ({found[0]})") from error
        raise


class Scripts:
    """Runs a script by its name, sent once and then known to the server by its hash.

    Args:
        redis: the client.
        replicas: how many replicas must have a durable write before it is answered.
        library: where the scripts lie.
    """

    def __init__(self, redis: RedisClient, replicas: int = 0, library: Library = JOBS) -> None:
        self._redis = redis
        self._library = library
        self._replicas = replicas
        self._loaded: dict[str, Any] = {}

    def run(self, name: str, *arguments: Argument, durable: bool = False) -> Any:
        """Run `name` with ARGV = `arguments`; what it returns is in its own file.

        Raises:
            Unreplicated: it ran, but too few replicas confirmed a `durable` write in time. It may be repeated.
            RedisConnectionError: the server cannot be reached, or takes no writes now.
        """
        script = self._script(name)
        with willing():
            if durable and self._replicas:
                return self._run_replicated(name, arguments)
            return script(args=arguments)

    def run_after(self, asked: Callable[[Any], None], name: str, *arguments: Argument) -> list[Any]:
        """The answers to what `asked` puts into a pipeline, and last that of the script `name`: in one round trip.

        For what only reads: where the server does not know the script yet, all of it is asked again.

        Raises:
            RedisConnectionError: the server cannot be reached.
        """
        sha = self._script(name).sha
        while True:
            with self._redis.pipeline(transaction=False) as pipe:
                asked(pipe)
                pipe.evalsha(sha, 0, *arguments)
                try:
                    return list(pipe.execute())
                except NoScriptError:
                    self._redis.script_load(self._source(name))

    def run_each(self, name: str, calls: Sequence[Sequence[Argument]]) -> list[Any]:
        """What `name` answers to each of `calls`, one after another in one round trip.

        For what may be repeated: where the server does not know the script yet, all of them are run again.

        Raises:
            RedisConnectionError: the server cannot be reached, or takes no writes now; some of them may have run.
        """
        sha = self._script(name).sha
        while True:
            with self._redis.pipeline(transaction=False) as pipe:
                for arguments in calls:
                    pipe.evalsha(sha, 0, *arguments)
                try:
                    with willing():
                        return list(pipe.execute())
                except NoScriptError:
                    self._redis.script_load(self._source(name))

    def confirm(self) -> None:
        """Wait until the replicas have all that the primary has now.

        Raises:
            Unreplicated: too few have it in time.
            RedisConnectionError: the server cannot be reached, or takes no writes now.
        """
        if self._replicas:
            with willing():
                self._confirmed("PING")

    def _source(self, name: str) -> str:
        return source(name, self._library)

    def _script(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._redis.register_script(self._source(name))
        return self._loaded[name]

    def _run_replicated(self, name: str, arguments: tuple[Argument, ...]) -> Any:
        try:
            return self._confirmed("EVALSHA", self._loaded[name].sha, 0, *arguments)
        except NoScriptError:
            return self._confirmed("EVAL", self._source(name), 0, *arguments)

    def _confirmed(self, *command: Argument) -> Any:
        """The answer to `command`, once the replicas have all that the primary had when it was given.

        WAIT counts the writes of its own connection: a script that finds its work done writes nothing, hence the mark.
        One pipeline is one connection: were it lost in between, WAIT alone could be repeated on another primary.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.execute_command(*command)
            pipe.set(keys.MARK, 1, ex=MARK_SECONDS)
            pipe.wait(self._replicas, REPLICA_MS)
            answers = pipe.execute(raise_on_error=False)  # raised by redis-py, errors quote arguments
        for error in (found for found in answers if isinstance(found, RedisError)):
            raise error
        if answers[-1] < self._replicas:
            raise Unreplicated(f"{answers[-1]} of {self._replicas} replicas confirmed the write")
        return answers[0]
