"""What to do and what to tell when a child has ended. Pure."""

import json
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from latentrelay.errors import DeviceBroken, ModelUnavailable

FIRST_DELAY = 0.5  # seconds
LONGEST_DELAY = 30.0  # seconds
STEADY = 60.0  # seconds; who lived so long did not die of how it was started
SOUND = 3600.0  # seconds; who lived so long before it found itself unfit was fit when it was started


class Part(StrEnum):
    """What a child is for."""

    SERVER = "server"
    GATEWAY = "gateway"
    WEBHOOKS = "webhooks"
    WORKER = "worker"


@dataclass(frozen=True)
class Ended:
    """A child's end: its exit code or negative signal number, the seconds it lived, its failures in a row before.

    `others` says whether other workers are left.
    """

    name: str
    part: Part
    code: int
    lived: float
    failures: int
    others: bool = False


@dataclass(frozen=True)
class Verdict:
    """What follows: a sentence, the failures in a row by now, and the seconds until a new start, None for never."""

    sentence: str
    failures: int
    restart_in: float | None


def judge(ended: Ended) -> Verdict:
    """Start it again, later with every failure in a row; not a worker that cannot serve."""
    if ended.part is Part.WORKER and ended.code == ModelUnavailable.exit_code:
        sentence = f"{ended.name} cannot serve ({described(ended.code)})"
        others = "; the others go on without it" if ended.others else ""
        return Verdict(sentence + others, failures=0, restart_in=None)
    enough = SOUND if ended.code == DeviceBroken.exit_code else STEADY
    failures = 1 if ended.lived >= enough else ended.failures + 1
    delay = delay_after(failures)
    sentence = f"{ended.name} ended with {described(ended.code)}; starting it again in {delay:g} s"
    return Verdict(sentence, failures, restart_in=delay)


def delay_after(failures: int) -> float:
    """Seconds before the next start after so many failures in a row (1 and up): 0.5, 1, 2 ... 30."""
    doublings = min(failures - 1, 10)  # so that the power stays small
    return float(min(FIRST_DELAY * 2**doublings, LONGEST_DELAY))


def described(code: int) -> str:
    """`exit code 3`, or `signal SIGKILL` for -9."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def last_words(lines: Iterable[str], count: int) -> list[str]:
    """The last `count` lines of a log that tell why it ended: its errors, or where there is none all that say anything.

    A JSON line is told as its message and detail.
    """
    entries = [(line, _entry(line)) for line in lines if line.strip()]
    errors = [entry for entry in entries if entry[1].get("level") in _WORST]
    return [_as_words(*entry) for entry in (errors or entries)][-count:]


_WORST = ("error", "critical")


def _entry(line: str) -> dict[str, object]:
    """The line as JSON; empty where it is not one of ours."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _as_words(line: str, entry: Mapping[str, object]) -> str:
    return ": ".join(str(entry[key]) for key in ("message", "detail") if key in entry) or line
