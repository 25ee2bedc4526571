"""The Lua scripts: each a file of its own, behind the prelude `record.lua` that all of them share."""

from functools import cache
from importlib.resources import files
from typing import Any

from latentrelay.jobs.connection import RedisClient


@cache
def source(name: str) -> str:
    """The text of one script, its prelude first."""
    folder = files("latentrelay.jobs") / "lua"
    return (folder / "record.lua").read_text("utf-8") + (folder / f"{name}.lua").read_text("utf-8")


class Scripts:
    """Runs a script by its name, sent once and then known to the server by its hash."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._loaded: dict[str, Any] = {}

    def run(self, name: str, *arguments: str | int | float) -> Any:
        """Run `name` with ARGV = `arguments`; what it returns is in its own file."""
        if name not in self._loaded:
            self._loaded[name] = self._redis.register_script(source(name))
        return self._loaded[name](args=arguments)
