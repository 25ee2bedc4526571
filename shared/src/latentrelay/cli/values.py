"""Words of the command line as the values a contract checks. What cannot be read is left for the contract to refuse."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from latentrelay.cli.fields import FieldOption, Shape
from latentrelay.errors import InvalidRequest

_AGE = re.compile(r"(\d{1,5}) *(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_PAIR = re.compile(r"(\d+) *[x, ] *(\d+)")


def read_value(field: FieldOption, given: Any) -> Any:
    """`given` (a word, the words of a repeated option, or a flag) as the JSON value that `field` takes."""
    match field.shape:
        case Shape.LIST:
            return [word.strip() for words in given for word in words.split(",")]
        case Shape.PAIR:
            return read_pair(given)
        case Shape.JOB_IMAGE:
            return read_job_image(given)
        case Shape.ENTRIES:
            return read_entries(field.path, given)
        case _:
            return read_number(field.schema.get("type"), given)


def read_number(kind: str | None, word: Any) -> Any:
    """A number for a field of numbers; everything else as it is."""
    if kind in ("integer", "number"):
        with suppress(ValueError):
            return int(word)
        with suppress(ValueError):
            return float(word)
    return word


def read_pair(word: str) -> Any:
    """`1024x768`, `1024,768` or `1024 768`: two integers."""
    found = _PAIR.fullmatch(word.strip())
    return [int(number) for number in found.groups()] if found else word


def read_entries(path: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    """`key=value`, one a word; the value may hold further equal signs.

    Raises:
        InvalidRequest: a word has no equal sign.
    """
    if any("=" not in word for word in words):
        raise InvalidRequest.at(".".join(path), "must be KEY=VALUE")
    return dict(word.split("=", 1) for word in words)


def read_job_image(word: str) -> dict[str, Any]:
    """`JOB` or `JOB:INDEX`."""
    job_id, colon, index = word.partition(":")
    return {"job_id": job_id, "index": read_number("integer", index)} if colon else {"job_id": job_id}


def join_pairs(words: Sequence[str], flags: frozenset[str]) -> list[str]:
    """Two numbers after one of `flags` as one word, so that `--original-size 1024 768` is read like `1024x768`."""
    joined: list[str] = []
    for word in words:
        if joined[-2:-1] and joined[-2] in flags and joined[-1].isdecimal() and word.isdecimal():
            joined[-1] += f"x{word}"
        else:
            joined.append(word)
    return joined


def read_moment(word: str, now: datetime) -> datetime:
    """`2h` before `now`, or a time as ISO 8601 writes it: of this machine's clock where it names no offset from UTC.

    Raises:
        ValueError: it is neither.
    """
    if found := _AGE.fullmatch(word):
        return now - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    try:
        return datetime.fromisoformat(word).astimezone()
    except OverflowError:  # in a zone where it would be of no year
        raise ValueError(word) from None
