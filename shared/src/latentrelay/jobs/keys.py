"""The Redis keys that Python reads; those that only scripts touch are named in `lua/record.lua`."""

import re

from latentrelay.contracts import JobStatus, StageName

ROOT = "latentrelay:"
DEAD = ROOT + "dead"
WORKERS = ROOT + "workers"
REAPER = ROOT + "reaper"
LEASES = ROOT + "leases"
DELAYED = ROOT + "delayed"
DEADLINES = ROOT + "deadlines"
UPLOADS = ROOT + "uploads"
SWEEPER = ROOT + "sweeper"


def job(job_id: str) -> str:
    """A hash: the record."""
    return f"{ROOT}job:{job_id}"


def is_id(text: str) -> bool:
    """Whether `text` can be a job's id at all."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) is not None


def idempotency(tenant: str, key: str) -> str:
    """A hash: the job that an idempotency key of a tenant stands for."""
    return f"{ROOT}idempotency:{tenant}:{key}"


def events(job_id: str) -> str:
    """A stream: what happened to the job."""
    return f"{ROOT}events:{job_id}"


def index(status: JobStatus | None = None) -> str:
    """A sorted set of job ids by creation, of one status where given."""
    return f"{ROOT}jobs:{status}" if status else f"{ROOT}jobs"


def pending(stage: StageName) -> str:
    """A sorted set of the jobs that wait for a stage, by when they began to wait."""
    return f"{ROOT}pending:{stage}"


def lane(stage: StageName, rank: int, after: str) -> str:
    """A sorted set of the jobs of one stage, priority and next stage, in the order in which they go."""
    return f"{ROOT}lane:{stage}:{rank}:{after}"


def upload(upload_id: str) -> str:
    """The artifact of an upload, as JSON."""
    return f"{ROOT}upload:{upload_id}"


def to_sweep(what: str) -> str:
    """A sorted set of ended jobs by their end: those of which `what` is still to be swept."""
    return f"{ROOT}sweep:{what}"
