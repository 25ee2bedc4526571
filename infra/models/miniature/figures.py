"""Figures with their uncertainty: shares with Wilson's interval, means with the normal one, 95 % each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CERTAIN = 1.959964  # standard deviations on either side that hold 95 %


@dataclass(frozen=True)
class Row:
    """One measured figure."""

    name: str
    value: float
    low: float
    high: float
    count: int
    """How many pictures or pairs it is of."""
    goal: float | None = None
    """At least so much; 0: surely more than nothing."""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one. A goal of 0 asks that the whole interval lies above it."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.goal else self.low > 0


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927); everything where nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    share, square = right / count, CERTAIN**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = CERTAIN / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def share(name: str, hits: Sequence[bool], goal: float | None = None) -> Row:
    """How many of `hits` are true."""
    right, count = sum(map(bool, hits)), len(hits)
    low, high = wilson(right, count)
    return Row(name, right / max(1, count), low, high, count, goal)


def mean(name: str, values: Sequence[float], goal: float | None = None) -> Row:
    """The mean of `values`; of one value nothing is known but itself."""
    middle = float(np.mean(values))
    reach = CERTAIN * float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return Row(name, middle, middle - reach, middle + reach, len(values), goal)


def gain(name: str, after: Sequence[float], before: Sequence[float], goal: float | None = 0.0) -> Row:
    """How much more `after` is than `before`, pair by pair."""
    return mean(name, [float(a) - float(b) for a, b in zip(after, before, strict=True)], goal)


def wins(name: str, winners: Sequence[float], losers: Sequence[float], goal: float | None = None) -> Row:
    """How often a winner is more than its loser."""
    return share(name, [more > less for more, less in zip(winners, losers, strict=True)], goal)
