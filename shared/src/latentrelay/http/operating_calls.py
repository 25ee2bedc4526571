"""Every call of the gateway's API for those who run a stack, once for both clients. Pure.

What would answer otherwise the second time is not sent twice where the first may have been done.
"""

import re

from latentrelay.contracts import (
    DeadLetter,
    Job,
    Overview,
    QueueInfo,
    StageInfo,
    StageName,
    Timeline,
    WebhookBacklog,
    WorkerInfo,
)
from latentrelay.errors import NotFound
from latentrelay.http.answers import each, one
from latentrelay.http.call import Call
from latentrelay.http.calls import job_path, query_of

LETTERS = "/v1/dead-letters"
LETTER_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")


def queues() -> Call[tuple[QueueInfo, ...]]:
    """How much waits for each stage."""
    return Call("GET", "/v1/queues", each(QueueInfo))


def workers() -> Call[tuple[WorkerInfo, ...]]:
    """Who is alive."""
    return Call("GET", "/v1/workers", each(WorkerInfo))


def stages() -> Call[tuple[StageInfo, ...]]:
    """Every stage."""
    return Call("GET", "/v1/stages", each(StageInfo))


def stage(name: StageName) -> Call[StageInfo]:
    """One stage."""
    return Call("GET", f"/v1/stages/{name}", one(StageInfo))


def stand(name: StageName, word: str) -> Call[StageInfo]:
    """`pause`, `drain` or `resume` a stage."""
    return Call("POST", f"/v1/stages/{name}/{word}", one(StageInfo))


def overview() -> Call[Overview]:
    """The whole stack."""
    return Call("GET", "/v1/overview", one(Overview))


def webhook_backlog() -> Call[WebhookBacklog]:
    """What waits to be told."""
    return Call("GET", "/v1/webhook-backlog", one(WebhookBacklog))


def timeline(job_id: str) -> Call[Timeline]:
    """Where the time of a job went."""
    return Call("GET", f"{job_path(job_id)}/timeline", one(Timeline))


def dead_letters(limit: int) -> Call[tuple[DeadLetter, ...]]:
    """What nobody could finish."""
    return Call("GET", LETTERS, each(DeadLetter), query_of(limit=limit))


def dead_letter(letter_id: str) -> Call[DeadLetter]:
    """One of them."""
    return Call("GET", letter_path(letter_id), one(DeadLetter))


def requeue(letter_id: str) -> Call[Job]:
    """Ask for the same again. The second time the letter is not there."""
    return Call("POST", f"{letter_path(letter_id)}/requeue", one(Job), is_repeatable=False)


def drop_dead_letter(letter_id: str) -> Call[None]:
    """Forget a dead letter. The second time it is not there."""
    return Call("DELETE", letter_path(letter_id), lambda _: None, is_repeatable=False)


def letter_path(letter_id: str) -> str:
    """Where a dead letter is.

    Raises:
        NotFound: none has such an id.
    """
    if not LETTER_ID.fullmatch(letter_id):
        raise NotFound("There is no such dead letter.")
    return f"{LETTERS}/{letter_id}"
