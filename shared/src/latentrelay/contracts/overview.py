"""The whole stack at one moment, of all tenants."""

from datetime import datetime

from latentrelay.contracts.contract import Told
from latentrelay.contracts.stage_info import StageInfo
from latentrelay.contracts.webhooks import WebhookBacklog
from latentrelay.errors import ErrorCode


class LiveJobs(Told):
    """How many jobs have not ended."""

    queued: int
    running: int


class EndedJobs(Told):
    """How many jobs ended in the last quarter of an hour, and how."""

    window_seconds: float
    """From 840 to 900, as of stages."""
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    expired: int = 0


class FailureCount(Told):
    """How many jobs ended with one code in the same window."""

    code: ErrorCode
    count: int


class Overview(Told):
    """The whole stack at one moment, of all tenants."""

    at: datetime
    stages: tuple[StageInfo, ...]
    jobs: LiveJobs
    finished: EndedJobs
    failures: tuple[FailureCount, ...]
    """Of jobs that failed or expired, the most frequent first."""
    webhooks: WebhookBacklog
    dead_letters: int
