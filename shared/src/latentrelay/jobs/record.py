"""A job's record in Redis (a hash of strings) and the job that it tells. Pure."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, overload

from pydantic import TypeAdapter

from latentrelay.contracts import (
    Artifact,
    AttemptOutcome,
    Job,
    JobRequest,
    Priority,
    QueuePlace,
    StageAttempt,
    StageName,
    StageTiming,
)
from latentrelay.errors import InvalidRequest
from latentrelay.events import JobEvent, JobNews
from latentrelay.tracing import TraceContext

log = logging.getLogger(__name__)

Fields = Mapping[str, str]

_ARTIFACTS = TypeAdapter(tuple[Artifact, ...])
_TIMINGS = TypeAdapter(tuple[StageTiming, ...])
RANKS = {Priority.INTERACTIVE: 0, Priority.STANDARD: 1, Priority.BATCH: 2}


def to_fields(
    request: JobRequest, inputs: Iterable[Artifact], told_to: str = "", trace: TraceContext | None = None
) -> dict[str, str | int]:
    """What the submit script writes beside its own fields.

    Args:
        request: of the job.
        inputs: what it reads.
        told_to: the endpoint that its `webhook` means.
        trace: which its spans are a part of.
    """
    fields: dict[str, str | int] = {
        "kind": str(request.model_dump()["kind"]),
        "request": request.model_dump_json(),
        "inputs": dump_artifacts(tuple(inputs)),
        "artifacts": "[]",
        "timings": "[]",
        "priority": RANKS[request.priority],
        "webhook": ",".join(request.webhook.events) if request.webhook else "",
        "told_to": told_to,
    }
    if trace is not None:
        fields["traceparent"] = trace.traceparent
    if request.deadline is not None:
        fields["deadline"] = int(request.deadline.timestamp() * 1000)
    return fields


def fingerprint(request: JobRequest) -> str:
    """What an idempotency key stands for: the request as it was asked, before a seed was drawn."""
    asked = request.model_dump(mode="json", exclude={"idempotency_key"})
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def to_job(fields: Fields, position: int | None = None) -> Job:
    """The job that a record tells.

    Raises:
        InvalidRequest, ValueError, KeyError: no job can be read from it.
    """
    return Job.model_validate(
        {
            **{name: fields[name] for name in ("id", "kind", "status", "stage", "sequence", "attempt")},
            **{name: moment(fields.get(name)) for name in ("created_at", "started_at", "completed_at")},
            **{name: json.loads(fields[name]) for name in ("progress", "error") if fields.get(name)},
            "cancel_requested": "cancel" in fields,
            "queue": None if position is None else QueuePlace(position=position),
            "request": json.loads(fields["request"]),
            "inputs": json.loads(fields["inputs"]),
            "artifacts": json.loads(fields["artifacts"]),
            "metrics": {"stages": json.loads(fields["timings"])},
        },
        extra="ignore",  # a producer of a later minor version may have written it
    )


def readable(fields: Fields, position: int | None = None) -> Job | None:
    """The job that a record tells, or None: one that this release cannot read must not hide the others."""
    try:
        return to_job(fields, position)
    except (InvalidRequest, ValueError, KeyError):
        log.warning("unreadable record", extra={"job_id": fields.get("id")})
        return None


def to_attempt(fields: Fields) -> StageAttempt | None:
    """The attempt that a record tells to be under way; None where nobody holds the job."""
    if "owner" not in fields or "claimed_at" not in fields:
        return None
    return StageAttempt(
        stage=StageName(fields["stage"]),
        attempt=int(fields["attempt"]),
        worker=fields.get("worker"),
        started_at=moment(fields["claimed_at"]),
        outcome=AttemptOutcome.RUNNING,
    )


def to_event(entry_id: str, job_id: str, fields: Fields) -> JobEvent:
    """The event that an entry of a job's stream tells."""
    told: dict[str, Any] = {name: value for name, value in fields.items() if value}
    for name in ("progress", "error"):
        if name in told:
            told[name] = json.loads(told[name])
    told["timestamp"] = moment(fields["timestamp"])
    return JobEvent.model_validate({"id": entry_id, "job_id": job_id, **told})


def to_news(entry_id: str, fields: Fields) -> JobNews:
    """The news that an entry of a feed tells."""
    told: dict[str, Any] = {name: value for name, value in fields.items() if value}
    if "progress" in told:
        told["progress"] = json.loads(told["progress"])
    return JobNews.model_validate({"id": entry_id, "at": moment(fields["timestamp"]), **told})


@overload
def moment(milliseconds: str | int) -> datetime: ...


@overload
def moment(milliseconds: str | None) -> datetime | None: ...


def moment(milliseconds: str | int | None) -> datetime | None:
    """A time as records hold it: milliseconds since 1970."""
    return None if milliseconds is None else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def dump_artifacts(artifacts: tuple[Artifact, ...]) -> str:
    """Artifacts as records hold them."""
    return _ARTIFACTS.dump_json(artifacts, exclude_none=True).decode()


def dump_timings(timings: tuple[StageTiming, ...]) -> str:
    """Stage timings as records hold them."""
    return _TIMINGS.dump_json(timings).decode()


def load_artifacts(told: str) -> tuple[Artifact, ...]:
    """Artifacts from what a record holds."""
    return _ARTIFACTS.validate_json(told)
