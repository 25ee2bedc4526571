"""The words of `plan` as values: rates, durations, shares. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import click

_RATE = re.compile(r"(\d+(?:\.\d+)?) */ *(s|min|h)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?) *(ms|s|min|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


class Rate(click.ParamType[float]):
    """`30/min`, `0.5/s` or `1800/h`: jobs in a second."""

    name = "N/s|min|h"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click calls it."""
        found = _RATE.fullmatch(str(value).strip())
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no rate such as 30/min, 0.5/s or 1800/h", param, ctx)
        return float(found[1]) / _SECONDS[found[2]]


class Duration(click.ParamType[float]):
    """`20s`, `1.5min`, `800ms` or `20`: seconds."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click calls it."""
        found = _DURATION.fullmatch(str(value).strip())
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no time such as 20s, 800ms or 1.5min", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


class Shares(click.ParamType[Mapping[str, float]]):
    """`relay=80,variation=20`: how often each is; a name alone counts 1.

    Args:
        names: those that there are; none: any.
    """

    name = "NAME=SHARE,..."

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Mapping[str, float]:
        """As click calls it."""
        if not isinstance(value, str):
            return dict(value)
        words = (word.strip().partition("=") for word in value.split(","))
        shares = {name.strip(): self._share(share or "1", param, ctx) for name, _, share in words}
        unknown = [name for name in shares if not name or (self._names and name not in self._names)]
        if unknown:
            known = f"; there are {', '.join(self._names)}" if self._names else ""
            self.fail(f"{unknown[0]!r} is none of them{known}", param, ctx)
        if not sum(shares.values()):
            self.fail("all shares are 0", param, ctx)
        return {name: share for name, share in shares.items() if share}

    def _share(self, word: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            share = float(word)
        except ValueError:
            self.fail(f"{word!r} is no number", param, ctx)
        if not 0 <= share < float("inf"):
            self.fail(f"{word!r} is no share: it must be 0 or more", param, ctx)
        return share
