"""The Redis keys that Python reads; those that only scripts touch are named in `lua/`."""

import re

from latentrelay.contracts import JobStatus, StageName

ROOT = "latentrelay:"
DEAD = ROOT + "dead"
WORKERS = ROOT + "workers"
REAPER = ROOT + "reaper"
LEASES = ROOT + "leases"
DELAYED = ROOT + "delayed"
DEADLINES = ROOT + "deadlines"
OWNERS = ROOT + "owners"
UPLOADS = ROOT + "uploads"
WALKS = ROOT + "walks"
STRAYS = ROOT + "strays"
SWEEPER = ROOT + "sweeper"
SWEEPER_AFTER = SWEEPER + ":after"
"""Where the round over the bucket goes on: the last key that was looked at, or the prefix of a kind."""
STACK = ROOT + "stack"
"""The id of the stack; its bucket is marked with the same."""
MARK = ROOT + "mark"
STAGES = ROOT + "stages"
"""A hash: which stages are paused or draining, and since when."""
FEED = ROOT + "feed"
"""A stream: what happens to all jobs, the last of it."""
LINK_SECRET = ROOT + "link-secret"
"""What links to images on the gateway are signed with."""
API_KEYS = ROOT + "keys"
"""A sorted set of the ids of API keys, by when each was made."""
OUTBOX = ROOT + "outbox"
"""A stream: what is to be told outside of jobs, each row the record as it stood."""
UNREADABLE = ROOT + "unreadable"
"""A stream: rows of the outbox that nobody could read."""
RELAY = ROOT + "relay"
"""Who turns rows of the outbox into messages now."""
ENDPOINTS = ROOT + "endpoints"
"""A sorted set of the ids of webhook endpoints, by when each was made."""
MESSAGES = ROOT + "messages"
"""A sorted set of the ids of webhook messages, by when each was made."""
FLIGHT = ROOT + "flight"
"""A sorted set of the webhook messages under way, by when their lease ends."""


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


def listed(tenant: str) -> str:
    """A sorted set of the tenant's job ids by creation."""
    return f"{ROOT}listed:{tenant}"


def pending(stage: StageName) -> str:
    """A sorted set of the jobs that wait for a stage, by the microsecond since when."""
    return f"{ROOT}pending:{stage}"


def live(tenant: str) -> str:
    """A set of the tenant's jobs that have not ended."""
    return f"{ROOT}live:{tenant}"


def worker(worker_id: str) -> str:
    """What a worker told of itself, as JSON, for as long as it counts as alive."""
    return f"{ROOT}worker:{worker_id}"


def pace(stage: StageName) -> str:
    """A hash: the jobs that the stage did lately, the seconds they took and the work they were, the older the less."""
    return f"{ROOT}pace:{stage}"


def recent(stage: StageName, minute: int) -> str:
    """A hash: how many jobs the stage did in a minute since 1970, and how long some of them took."""
    return f"{ROOT}recent:{stage}:{minute}"


def ended(minute: int) -> str:
    """A hash: how many jobs ended in a minute since 1970, by status and by code."""
    return f"{ROOT}ended:{minute}"


def feed_of(tenant: str) -> str:
    """The same as `FEED`, of one tenant."""
    return f"{FEED}:{tenant}"


def preview(job_id: str) -> str:
    """A small JPEG of what the job draws, as base64, for a while."""
    return f"{ROOT}preview:{job_id}"


def successes(stage: StageName) -> str:
    """How many attempts the workers of a stage have ended well."""
    return f"{ROOT}successes:{stage}"


def upload(upload_id: str) -> str:
    """An upload's tenant and artifact, as JSON."""
    return f"{ROOT}upload:{upload_id}"


def refs(owner_id: str) -> str:
    """A set of the jobs that have not ended and read what lies in the folder of that job or upload."""
    return f"{ROOT}refs:{owner_id}"


def to_sweep(what: str) -> str:
    """A sorted set of ended jobs by their end: those of which `what` is still to be swept."""
    return f"{ROOT}sweep:{what}"


def api_key(key_id: str) -> str:
    """A hash: an API key, and the digest of its text."""
    return f"{ROOT}key:{key_id}"


def endpoint(endpoint_id: str) -> str:
    """A hash: a webhook endpoint and how it fares."""
    return f"{ROOT}endpoint:{endpoint_id}"


def endpoints_of(tenant: str) -> str:
    """The same as `ENDPOINTS`, of one tenant, and only those that it registered."""
    return f"{ENDPOINTS}:{tenant}"


def message(message_id: str) -> str:
    """A hash: a webhook message, its body and its attempts."""
    return f"{ROOT}message:{message_id}"


def messages_of(tenant: str) -> str:
    """The same as `MESSAGES`, of one tenant."""
    return f"{MESSAGES}:{tenant}"


def messages_to(endpoint_id: str) -> str:
    """The same, to one endpoint."""
    return f"{ROOT}messages-to:{endpoint_id}"


def messages_about(job_id: str) -> str:
    """The same, of one job."""
    return f"{ROOT}messages-of:{job_id}"


def due(endpoint_id: str) -> str:
    """A sorted set of the messages that wait for an endpoint, by when the next attempt is due."""
    return f"{ROOT}due:{endpoint_id}"
