"""How far a job has come, folded from its events and drawn as one line. Pure; `ProgressLine` alone writes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from shutil import get_terminal_size
from typing import TextIO

from latentrelay.contracts import Progress, StageName
from latentrelay.events import EventType, JobEvent

_BAR = 24
_PLAIN = {
    EventType.QUEUED: "queued for {stage}",
    EventType.STARTED: "{stage} started",
    EventType.STAGE_FINISHED: "{stage} is done, queued for the next stage",
    EventType.STAGE_STARTED: "{stage} started",
    EventType.RETRIED: "{stage} is tried again (attempt {attempt})",
    EventType.CANCEL_REQUESTED: "cancel requested",
}


@dataclass(frozen=True)
class Seen:
    """What the events so far tell. `since` is when the stage at work told its first progress, `base` its step then."""

    stages: tuple[StageName, ...]
    word: str = "waiting"
    stage: StageName | None = None
    progress: Progress | None = None
    since: datetime | None = None
    base: int = 0
    now: datetime | None = None


def advance(seen: Seen, event: JobEvent) -> Seen:
    """`seen` after `event`."""
    stage = event.stage or seen.stage
    if event.type is EventType.PROGRESS and event.progress is not None:
        return _step(replace(seen, stage=event.progress.stage, word="", now=event.timestamp), event.progress)
    text = plain(event)
    if text is not None or stage != seen.stage:
        seen = replace(seen, progress=None, since=None)
    return replace(seen, stage=stage, word=text or seen.word, now=event.timestamp)


def _step(seen: Seen, progress: Progress) -> Seen:
    new = seen.progress is None or seen.progress.stage is not progress.stage
    if new:
        seen = replace(seen, since=seen.now, base=progress.step)
    return replace(seen, progress=progress)


def seconds_left(seen: Seen) -> float | None:
    """Of the stage at work, at the pace of its steps so far; None where no pace is known yet."""
    if seen.progress is None or seen.since is None or seen.now is None or seen.progress.step <= seen.base:
        return None
    pace = (seen.now - seen.since).total_seconds() / (seen.progress.step - seen.base)
    return pace * (seen.progress.steps - seen.progress.step)


def draw(seen: Seen) -> str:
    """One line: `sdxl_base (1 of 2)  [########----------------]   8/24 steps  0:12 left`."""
    if seen.progress is None:
        return seen.word
    step, steps = seen.progress.step, seen.progress.steps
    filled = _BAR * min(step, steps) // steps
    bar = "#" * filled + "-" * (_BAR - filled)
    left = seconds_left(seen)
    tail = "" if left is None else f"  {clock(left)} left"
    return f"{_place(seen)}  [{bar}] {step:>{len(str(steps))}}/{steps} steps{tail}"


def _place(seen: Seen) -> str:
    if seen.stage not in seen.stages or len(seen.stages) == 1:
        return str(seen.stage)
    return f"{seen.stage} ({seen.stages.index(seen.stage) + 1} of {len(seen.stages)})"


def clock(seconds: float) -> str:
    """Minutes and seconds, hours where there are some: `0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def plain(event: JobEvent) -> str | None:
    """What is written of `event` where no line can be redrawn; None for what would be too much."""
    text = _PLAIN.get(event.type)
    return text.format(stage=event.stage or "the job", attempt=event.attempt) if text else None


class ProgressLine:
    """Writes what a job's events tell: a line redrawn on a terminal, a line for each change elsewhere."""

    def __init__(self, stages: Sequence[StageName], stream: TextIO, *, redraw: bool) -> None:
        self._seen, self._stream, self._redraw = Seen(tuple(stages)), stream, redraw

    def __call__(self, event: JobEvent) -> None:
        """Tell `event`."""
        self._seen = advance(self._seen, event)
        if self._redraw:
            self._write(f"\r\x1b[K{draw(self._seen):.{get_terminal_size().columns - 1}}")
        elif text := plain(event):
            self._write(f"{text}\n")

    def note(self, text: str) -> None:
        """A line of its own, above the one that is redrawn."""
        self.clear()
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Leave the line empty for what is written next."""
        if self._redraw:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
