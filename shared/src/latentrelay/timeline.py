"""Where the time of a job went, from its record, its moves and its webhook messages. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from latentrelay.contracts import (
    AttemptOutcome,
    Job,
    JobStatus,
    Phase,
    PhaseSeconds,
    Span,
    SpanName,
    StageAttempt,
    StageName,
    StageTiming,
    Timeline,
    WebhookMessage,
)
from latentrelay.events import EventType, JobEvent

NAMES = {
    StageName.SDXL_BASE: SpanName.BASE,
    StageName.SDXL_REFINER: SpanName.REFINER,
    StageName.UNCLIP_VARIATION: SpanName.VARIATION,
}
STARTS = (EventType.STARTED, EventType.STAGE_STARTED)
ENDS = {
    EventType.STAGE_FINISHED: AttemptOutcome.DONE,
    EventType.RETRIED: AttemptOutcome.RETRIED,
    EventType.SUCCEEDED: AttemptOutcome.DONE,
    EventType.FAILED: AttemptOutcome.FAILED,
    EventType.CANCELED: AttemptOutcome.CANCELED,
}


def timeline(
    job: Job, moves: Iterable[JobEvent], messages: Iterable[WebhookMessage], held: StageAttempt | None = None
) -> Timeline:
    """Where the time of `job` went.

    Args:
        job: as it stands.
        moves: of it, as far as they are kept.
        messages: that told of it.
        held: the attempt that a worker makes now.
    """
    attempts = tuple(sorted(_known(job, _told(moves), held), key=lambda one: one.started_at))
    spans = [*_waits(job, attempts), *_works(job, attempts), *map(_webhook, messages)]
    return Timeline(job_id=job.id, spans=tuple(sorted(spans, key=lambda span: span.started_at)), attempts=attempts)


def _told(moves: Iterable[JobEvent]) -> Iterator[StageAttempt]:
    """The attempts that a job's moves tell of."""
    at_work: StageAttempt | None = None
    for move in moves:
        if move.type in STARTS and move.stage is not None:
            at_work = StageAttempt(
                stage=move.stage,
                attempt=move.attempt,
                worker=move.worker,
                started_at=move.timestamp,
                outcome=AttemptOutcome.RUNNING,
            )
        elif at_work is not None and move.type in ENDS:
            yield _ended(at_work, move)
            at_work = None
    if at_work is not None:
        yield at_work


def _ended(attempt: StageAttempt, move: JobEvent) -> StageAttempt:
    """`attempt`, ended with `move`."""
    outcome = move.outcome or ENDS[move.type]
    if move.type is EventType.FAILED and outcome is AttemptOutcome.RETRIED:  # it was the last one allowed
        outcome = AttemptOutcome.FAILED
    return attempt.model_copy(update={"ended_at": move.timestamp, "outcome": outcome, "error": move.error})


def _known(job: Job, told: Iterable[StageAttempt], held: StageAttempt | None) -> Iterable[StageAttempt]:
    """What was `told`, and the attempts that only the record knows: the moves of very many steps are forgotten."""
    recorded = [*map(_done, job.metrics.stages), *([] if held is None or job.status.is_terminal else [held])]
    known = {(one.stage, one.attempt): one for one in recorded}
    return (known | {(one.stage, one.attempt): one for one in told}).values()


def _done(timing: StageTiming) -> StageAttempt:
    return StageAttempt(
        stage=timing.stage,
        attempt=timing.attempt,
        started_at=timing.started_at,
        ended_at=timing.finished_at,
        outcome=AttemptOutcome.DONE,
    )


def _waits(job: Job, attempts: Sequence[StageAttempt]) -> Iterator[Span]:
    """What lies before each attempt, and before the next one, which nobody has begun."""
    since, before = job.created_at, None
    for attempt in attempts:
        yield _wait(since, attempt.started_at, attempt.stage, attempt.attempt, before)
        since, before = attempt.ended_at or attempt.started_at, attempt
    is_at_work = bool(attempts) and attempts[-1].outcome is AttemptOutcome.RUNNING
    until = since if job.status is JobStatus.SUCCEEDED else job.completed_at
    if not is_at_work and (until is None or since < until):
        yield _wait(since, job.completed_at, job.stage, job.attempt, before)


def _wait(since: datetime, until: datetime | None, stage: StageName, attempt: int, before: StageAttempt | None) -> Span:
    was_handed = before is not None and before.outcome is AttemptOutcome.DONE and before.stage is not stage
    name = SpanName.HANDOFF if was_handed else SpanName.QUEUED
    return Span(name=name, stage=stage, attempt=attempt, started_at=since, ended_at=until)


def _works(job: Job, attempts: Iterable[StageAttempt]) -> Iterator[Span]:
    timings = {(timing.stage, timing.attempt): timing for timing in job.metrics.stages}
    for attempt in attempts:
        timing = timings.get((attempt.stage, attempt.attempt))
        phases = (
            tuple(PhaseSeconds(phase=phase, seconds=spent) for phase, spent in timing.phases.items()) if timing else ()
        )
        yield Span(
            name=NAMES[attempt.stage],
            stage=attempt.stage,
            attempt=attempt.attempt,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            phases=phases,
        )
        if timing is not None and attempt.ended_at is not None and timing.phases.get(Phase.UPLOAD):
            yield _upload(timing, attempt.ended_at)


def _upload(timing: StageTiming, ended_at: datetime) -> Span:
    spent = timedelta(seconds=timing.phases[Phase.UPLOAD])
    return Span(
        name=SpanName.UPLOAD,
        stage=timing.stage,
        attempt=timing.attempt,
        started_at=max(timing.started_at, ended_at - spent),
        ended_at=ended_at,
    )


def _webhook(message: WebhookMessage) -> Span:
    return Span(
        name=SpanName.WEBHOOK,
        attempt=message.attempts,
        started_at=message.created_at,
        ended_at=message.delivered_at or message.ended_at,
    )
