"""What was counted since the stack began: how jobs ended, and what died."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from latentrelay.contracts import DeadKind, JobStatus, Kind
from latentrelay.errors import ErrorCode
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient


class End(NamedTuple):
    """How a job can end."""

    kind: Kind
    status: JobStatus
    code: ErrorCode | None = None
    """Of its error; None where it has none."""


@dataclass(frozen=True)
class Tally:
    """What was counted; that of which there was none counts 0."""

    finished: Mapping[End, int]
    buried: Mapping[DeadKind, int]
    """Dead letters that there ever were."""
    dead_letters: int
    """Those that are kept now."""


def tally(redis: RedisClient) -> Tally:
    """What was counted so far in one Redis, by the scripts that made it so."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.hgetall(keys.FINISHED)
        pipe.hgetall(keys.BURIED)
        pipe.xlen(keys.DEAD)
        finished, buried, letters = pipe.execute()
    return Tally(_finished(finished), {what: int(buried.get(what, 0)) for what in DeadKind}, letters)


def possible_ends() -> Iterator[End]:
    """Every way in which a job can end."""
    for kind in Kind:
        yield End(kind, JobStatus.SUCCEEDED)
        yield End(kind, JobStatus.CANCELED)
        yield End(kind, JobStatus.EXPIRED, ErrorCode.DEADLINE_EXCEEDED)
        yield from (End(kind, JobStatus.FAILED, code) for code in ErrorCode)


def _finished(counted: Mapping[str, str]) -> Mapping[End, int]:
    ends = dict.fromkeys(possible_ends(), 0)
    for end, count in _read(counted.items()):
        ends[end] = ends.get(end, 0) + count
    return ends


def _read(counted: Iterable[tuple[str, str]]) -> Iterator[tuple[End, int]]:
    """What this release does not know was written by a later one, or into a damaged record."""
    codes, kinds, statuses = set(ErrorCode), set(Kind), set(JobStatus)
    for name, count in counted:
        kind, status, code = name.rsplit(":", 2)
        if kind in kinds and status in statuses:
            known = ErrorCode(code) if code in codes else ErrorCode.INTERNAL
            yield End(Kind(kind), JobStatus(status), known if code else None), int(count)
