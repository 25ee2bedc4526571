"""Jobs as text for people. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from latentrelay.cli.progress import clock
from latentrelay.contracts import Artifact, DeadLetter, Job, StageTiming

_HEADS = ("ID", "KIND", "STATUS", "STAGE", "ASKED", "TOOK", "REFERENCE")
_UNIT = 1024


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def jobs_table(jobs: Sequence[Job], now: datetime) -> str:
    """A line a job."""
    return table([_HEADS, *(_row(job, now) for job in jobs)])


def _row(job: Job, now: datetime) -> tuple[str, ...]:
    asked = f"{ago(now - job.created_at)} ago"
    return (job.id, job.kind, job.status, _where(job), asked, _took(job, now), job.request.client_reference or "")


def _where(job: Job) -> str:
    if job.progress is None or job.status.is_terminal:
        return job.stage
    return f"{job.progress.stage} {job.progress.step}/{job.progress.steps}"


def _took(job: Job, now: datetime) -> str:
    if job.started_at is None:
        return ""
    return clock(int(((job.completed_at or now) - job.started_at).total_seconds()))  # cut off, as `ago` does


def ago(age: timedelta) -> str:
    """The age in its largest unit: `7 s`, `12 min`, `3 h`, `2 d`."""
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def size(count: int) -> str:
    """Bytes for people: `812 B`, `1.3 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < _UNIT:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _UNIT
    return f"{amount:.1f} GB"


def plain(text: str, most: int = 2048) -> str:
    """Text of others, so that it cannot play with the terminal, cut short."""
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= most else f"{shown[:most]}..."


def letters_table(letters: Sequence[DeadLetter], now: datetime) -> str:
    """A line a dead letter."""
    rows = [(letter.id, letter.what, *_subject(letter), f"{ago(now - letter.at)} ago") for letter in letters]
    return table([("ID", "WHAT", "OF", "WHERE", "REASON", "BURIED"), *rows])


def _subject(letter: DeadLetter) -> tuple[str, str, str]:
    if letter.problem is not None:
        return (letter.job_id or "", letter.stage or "", letter.problem.code)
    return ("", letter.queue or "", letter.reason or "")


def letter_story(letter: DeadLetter) -> str:
    """All that is known of one dead letter."""
    told = letter.model_dump(mode="json", exclude_none=True, exclude={"problem", "at", "excerpt"})
    facts = [(name.replace("_", " ").capitalize(), str(value)) for name, value in told.items()]
    facts.append(("At", moment(letter.at)))
    if letter.problem is not None:
        facts.append(("Reason", f"{letter.problem.code}: {letter.problem.detail}"))
    if letter.excerpt is not None:
        facts.append(("Excerpt", ascii(letter.excerpt)))  # it may hold anything
    return table(facts)


def job_story(job: Job, now: datetime) -> str:
    """All that is worth reading of one job: what was asked, where the time went, what was made, why it failed."""
    parts = [_head(job, now), _section("Asked", _asked(job)), _section("Stages", map(_timing, job.metrics.stages))]
    parts.append(_section("Stored", map(_artifact, (*job.inputs, *job.artifacts))))
    if job.error is not None:
        problems = [(error.pointer, error.detail) for error in job.error.errors]
        parts.append(_section("Error", [(job.error.code, job.error.detail), *problems]))
    return "\n\n".join(part for part in parts if part)


def _head(job: Job, now: datetime) -> str:
    facts = [("Job", job.id), ("Kind", job.kind), ("Status", _status(job)), ("Asked", moment(job.created_at))]
    if job.started_at is not None:
        facts.append(("Started", f"{moment(job.started_at)}, after {_seconds(job.started_at - job.created_at)}"))
    if job.completed_at is not None:
        facts.append(("Ended", f"{moment(job.completed_at)}, after {_took(job, now) or 'no work'}"))
    return table(facts)


def _status(job: Job) -> str:
    details = [_where(job) if not job.status.is_terminal else "", f"attempt {job.attempt}" if job.attempt > 1 else ""]
    details.append(f"{job.queue.position} before it" if job.queue else "")
    details.append("cancel requested" if job.cancel_requested and not job.status.is_terminal else "")
    return ", ".join([job.status, *filter(None, details)])


def _asked(job: Job) -> Iterator[tuple[str, str]]:
    for name, value in job.request.model_dump(mode="json", exclude_defaults=True, exclude={"kind"}).items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        yield from ((f"{name}.{key}".rstrip("."), str(part)) for key, part in inner if part is not None)


def _timing(timing: StageTiming) -> tuple[str, ...]:
    phases = ", ".join(f"{phase} {seconds:.2f} s" for phase, seconds in timing.phases.items())
    waited, took = _seconds(timing.waited), _seconds(timing.duration)
    return (timing.stage, f"attempt {timing.attempt}", f"waited {waited}", f"took {took}", phases)


def _artifact(made: Artifact) -> tuple[str, ...]:
    picture = f"{made.width}x{made.height}" if made.width else ""
    return (made.role or made.kind, str(made.index), picture, size(made.bytes), made.key)


def _section(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = list(rows)
    return f"{title}\n" + "\n".join(f"  {line}" for line in table(lines).splitlines()) if lines else ""


def moment(at: datetime) -> str:
    """By the clock of this machine: `2030-01-01 12:00:00`."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.2f} s"
