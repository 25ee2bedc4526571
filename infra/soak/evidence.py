"""What a soak came to, read from its ledger. Values, and nothing else."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from infra.soak.campaign import FaultKind
from infra.soak.ledger import Entry
from latentrelay import EventType, JobStatus, StageName
from latentrelay.errors import ErrorCode

Files = tuple[tuple[str, str], ...]
"""Role and number of each image, and the SHA-256 of its file; by place."""


class Fact(BaseModel):
    """A frozen value that a ledger holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Accepted(Fact):
    """A job that a producer was told of."""

    job_id: str
    key: str
    picture: str
    deadline: float | None


class Told(Fact):
    """An event of a job: when, in seconds since 1970, and of which attempt."""

    at: float
    type: EventType
    stage: StageName
    attempt: int


class Record(Fact):
    """A job's record and its whole stream, when all was over."""

    job_id: str
    key: str | None
    status: JobStatus
    code: ErrorCode | None
    gpu_seconds: Mapping[str, float]
    """Denoising and decoding of each attempt that was committed, by stage and number: `sdxl_base/1`."""
    reads: tuple[str, ...] = ()
    """Keys of the objects that it began with."""
    events: tuple[Told, ...]


class Held(Fact):
    """An attempt in the hands of a worker that was struck."""

    job_id: str
    stage: StageName
    attempt: int


class Struck(Fact):
    """A fault that hit something."""

    at: float
    kind: FaultKind
    target: str
    held: tuple[Held, ...] = ()
    removed: tuple[str, ...] = ()


class Evidence(Fact):
    """All of it."""

    seconds: float
    reference: Mapping[str, Files]
    """By picture: what a run without faults drew."""
    accepted: tuple[Accepted, ...]
    repeated: tuple[tuple[str, str], ...]
    """Key and answer of what was submitted again."""
    canceled: frozenset[str]
    seen: Mapping[str, Files]
    """By job: what its image files were when it had succeeded."""
    records: tuple[Record, ...]
    struck: tuple[Struck, ...]
    orphaned: tuple[str, ...]
    missing: tuple[str, ...]
    leaked: tuple[str, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """What the entries of a ledger say."""
        told: dict[str, list[Entry]] = {}
        for entry in entries:
            told.setdefault(entry["what"], []).append(entry)
        left: Mapping[str, Any] = told.get("left", [{}])[-1]
        return cls.model_validate(
            {
                "seconds": _between(told, "begun", "over"),
                "reference": {entry["picture"]: entry["files"] for entry in told.get("reference", ())},
                "accepted": told.get("accepted", ()),
                "repeated": [(entry["key"], entry["job_id"]) for entry in told.get("repeated", ())],
                "canceled": {entry["job_id"] for entry in told.get("cancel", ())},
                "seen": {entry["job_id"]: entry["files"] for entry in told.get("seen", ())},
                "records": told.get("record", ()),
                "struck": told.get("struck", ()),
                **{name: left.get(name, ()) for name in ("orphaned", "missing", "leaked")},
            }
        )


def _between(told: Mapping[str, list[Entry]], first: str, last: str) -> float:
    return float(told[last][0]["at"] - told[first][0]["at"]) if first in told and last in told else 0.0
