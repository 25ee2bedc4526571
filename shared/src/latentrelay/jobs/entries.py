"""The ids of a stream's entries, by which readers tell where they stand. Pure."""

import re

from latentrelay.errors import InvalidRequest

BEGINNING = "0-0"
"""Where a reader stands of a stream in which nothing was ever written."""
CHUNK = 100  # entries that are read at once


def check(after: str) -> None:
    """Whether `after` is an entry's id at all.

    Raises:
        InvalidRequest: it is not.
    """
    if re.fullmatch(r"[0-9]{1,19}(-[0-9]{1,19})?", after) is None:
        raise InvalidRequest.at("after", "must be the id of an event, like 1700000000000-0")


def order(entry_id: str) -> tuple[int, int]:
    """What they are ordered by."""
    moment, _, number = entry_id.partition("-")
    return int(moment), int(number or 0)
