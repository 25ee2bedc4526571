"""What a soak must come to: each promise looks at the evidence and yields where it was broken. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from infra.soak.evidence import Accepted, Evidence, Record
from latentrelay import EventType, JobStatus
from latentrelay.errors import ErrorCode

MAX_ATTEMPTS = 3


class Promise(StrEnum):
    """What is promised."""

    ENDED = "every accepted job ends"
    ONCE = "every job is one job, and ends once"
    IMAGES = "every succeeded job has exactly its images, as a run without faults draws them"
    REASON = "no job ends badly without a reason that the campaign gave"
    STORE = "nothing is in the store that nobody names, and nothing is missing"
    KEYS = "no key is left in Redis when all jobs are deleted"


@dataclass(frozen=True)
class Broken:
    """A promise that was broken: whose, and how."""

    promise: Promise
    subject: str
    how: str


def broken(evidence: Evidence) -> tuple[Broken, ...]:
    """Every promise that was broken."""
    promises = (_ended, _once, _one_job_for_a_key, _images, _reason, _store, _keys)
    return tuple(found for promise in promises for found in promise(evidence))


def _ended(evidence: Evidence) -> Iterator[Broken]:
    records = {record.job_id: record for record in evidence.records}
    for job in evidence.accepted:
        record = records.get(job.job_id)
        if record is None:
            yield Broken(Promise.ENDED, job.job_id, "has no record")
        elif not record.status.is_terminal:
            yield Broken(Promise.ENDED, job.job_id, f"is {record.status}")
        elif not _ends(record):
            yield Broken(Promise.ENDED, job.job_id, f"is {record.status}, and no event says so")


def _once(evidence: Evidence) -> Iterator[Broken]:
    for record in evidence.records:
        ends, last = _ends(record), record.events[-1:]
        if len(ends) > 1:
            yield Broken(Promise.ONCE, record.job_id, f"ended {len(ends)} times: {', '.join(ends)}")
        elif ends and (ends[0] != f"job.{record.status}" or not last[0].type.is_terminal):
            yield Broken(Promise.ONCE, record.job_id, f"is {record.status}, and its events say {', '.join(ends)}")
        finished = (event for event in record.events if event.type is EventType.STAGE_FINISHED)
        commits = Counter((event.stage, event.attempt) for event in finished)
        if commits and max(commits.values()) > 1:
            yield Broken(Promise.ONCE, record.job_id, "committed an attempt twice")


def _ends(record: Record) -> list[EventType]:
    return [event.type for event in record.events if event.type.is_terminal]


def _one_job_for_a_key(evidence: Evidence) -> Iterator[Broken]:
    jobs: dict[str, set[str]] = {}
    told = [(job.key, job.job_id) for job in evidence.accepted] + list(evidence.repeated)
    for key, job_id in told + [(record.key, record.job_id) for record in evidence.records if record.key]:
        jobs.setdefault(key, set()).add(job_id)
    for key, job_ids in jobs.items():
        if len(job_ids) > 1:
            yield Broken(Promise.ONCE, key, f"became {len(job_ids)} jobs: {', '.join(sorted(job_ids))}")


def _images(evidence: Evidence) -> Iterator[Broken]:
    pictures = {job.job_id: job.picture for job in evidence.accepted}
    for record in evidence.records:
        picture = pictures.get(record.job_id)
        if record.status is JobStatus.SUCCEEDED and picture is not None:
            seen, expected = evidence.seen.get(record.job_id), evidence.reference.get(picture)
            if seen is None:
                yield Broken(Promise.IMAGES, record.job_id, "succeeded, and its images could not be fetched")
            elif seen != expected:
                yield Broken(Promise.IMAGES, record.job_id, f"drew {picture} as {seen}, not as {expected}")


def _reason(evidence: Evidence) -> Iterator[Broken]:
    accepted = {job.job_id: job for job in evidence.accepted}
    for record in evidence.records:
        job = accepted.get(record.job_id)
        if job is not None and not _is_explained(job, record, evidence):
            yield Broken(Promise.REASON, record.job_id, f"is {record.status} ({record.code or 'no code'})")


def _is_explained(job: Accepted, record: Record, evidence: Evidence) -> bool:
    match record.status, record.code:
        case JobStatus.CANCELED, _:
            return job.job_id in evidence.canceled
        case (JobStatus.EXPIRED, _) | (JobStatus.FAILED, ErrorCode.DEADLINE_EXCEEDED):
            return job.deadline is not None
        case JobStatus.FAILED, ErrorCode.NOT_FOUND:
            return not _removed(evidence).isdisjoint(record.reads)
        case JobStatus.FAILED, _:
            struck = Counter(held.stage for hit in evidence.struck for held in hit.held if held.job_id == job.job_id)
            return bool(struck) and max(struck.values()) >= MAX_ATTEMPTS
    return True


def _store(evidence: Evidence) -> Iterator[Broken]:
    removed = _removed(evidence)
    yield from (Broken(Promise.STORE, key, "is named by nobody") for key in evidence.orphaned)
    yield from (Broken(Promise.STORE, key, "is missing") for key in evidence.missing if key not in removed)


def _removed(evidence: Evidence) -> set[str]:
    return {key for hit in evidence.struck for key in hit.removed}


def _keys(evidence: Evidence) -> Iterator[Broken]:
    yield from (Broken(Promise.KEYS, key, "is left") for key in evidence.leaked)
