"""The Celery message: a hint that a stage has work. It names a job and holds nothing of it."""

from datetime import datetime

from pydantic import Field

from latentrelay.contracts.contract import Id, Told
from latentrelay.contracts.words import StageName


class Hint(Told):
    """The body of `latentrelay.{stage}.v1`: no prompt, no pixels."""

    job_id: Id
    attempt: int = Field(ge=1)
    enqueued_at: datetime
    traceparent: str | None = Field(None, max_length=256)
    """W3C trace context, for whoever looks at messages; the job's record has the one that counts."""


def task_name(stage: StageName, version: int = 1) -> str:
    """The Celery task of a stage; the major version of its body is in the name."""
    return f"latentrelay.{stage}.v{version}"
