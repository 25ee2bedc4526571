"""What the stages did lately, from what the scripts wrote down by the minute. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from latentrelay.contracts import EndedJobs, FailureCount, JobStatus, RecentWork, Spread, StageMinute
from latentrelay.errors import ErrorCode

MINUTES = 15
CODE = "code:"

Weighted = tuple[float, float]
"""A value, and for how many jobs it stands."""


@dataclass(frozen=True)
class Sample:
    """How long one job took in a stage, in seconds."""

    waited: float
    computed: float
    was_handed: bool
    """Whether the stage before handed it over, and it waited for its first attempt here."""


@dataclass(frozen=True)
class Minute:
    """What a stage did in one minute."""

    number: int
    """Since 1970."""
    jobs: int
    samples: Sequence[Sample]

    @property
    def weight(self) -> float:
        """For how many jobs a sample stands."""
        return self.jobs / len(self.samples)


def minutes_until(now: datetime) -> range:
    """The numbers of the minutes of the window that ends `now`; the last one goes on."""
    last = int(now.timestamp()) // 60
    return range(last - MINUTES + 1, last + 1)


def window_seconds(now: datetime) -> float:
    """How long the window that ends `now` is."""
    return round(now.timestamp() - minutes_until(now)[0] * 60, 3)


def to_minute(number: int, fields: Mapping[str, str]) -> Minute:
    """A minute as the commit script keeps it: how many `jobs`, and under numbers the times of some, in ms."""
    samples = tuple(_sample(told) for name, told in fields.items() if name.isdigit())
    return Minute(number, int(fields.get("jobs", 0)), samples)


def recent_work(minutes: Sequence[Minute], now: datetime) -> RecentWork:
    """What a stage did in the window that ends `now`."""
    seconds, jobs = window_seconds(now), sum(minute.jobs for minute in minutes)
    sampled = [(sample, minute.weight) for minute in minutes for sample in minute.samples]
    return RecentWork(
        window_seconds=seconds,
        jobs=jobs,
        jobs_per_minute=round(jobs * 60 / seconds, 3),
        wait_seconds=_spread((one.waited, weight) for one, weight in sampled),
        compute_seconds=_spread((one.computed, weight) for one, weight in sampled),
        handoff_seconds=_spread((one.waited, weight) for one, weight in sampled if one.was_handed),
        per_minute=tuple(map(_row, minutes)),
    )


def ended_jobs(minutes: Iterable[Mapping[str, str]], now: datetime) -> tuple[EndedJobs, tuple[FailureCount, ...]]:
    """How many jobs ended in the window that ends `now`, and with which codes, from what the scripts count."""
    sums: dict[str, int] = {}
    for minute in minutes:
        for name, count in minute.items():
            sums[name] = sums.get(name, 0) + int(count)
    ended = {status.value: sums[status] for status in JobStatus if status in sums}
    codes = [FailureCount(code=code, count=sums[CODE + code]) for code in ErrorCode if CODE + code in sums]
    codes.sort(key=lambda told: -told.count)
    return EndedJobs(window_seconds=window_seconds(now), **ended), tuple(codes)


def percentile(values: Iterable[Weighted], share: float) -> float | None:
    """The smallest value that `share` of all jobs do not exceed; None where there is none."""
    ordered = sorted(values)
    needed = share * sum(weight for _, weight in ordered)
    for value, weight in ordered:
        needed -= weight
        if needed <= 1e-9:  # noqa: PLR2004  # what adding up fractions leaves
            return value
    return None


def _spread(values: Iterable[Weighted]) -> Spread:
    kept = [*values]
    return Spread(p50=percentile(kept, 0.5), p95=percentile(kept, 0.95))


def _row(minute: Minute) -> StageMinute:
    return StageMinute(
        at=datetime.fromtimestamp(minute.number * 60, UTC),
        jobs=minute.jobs,
        compute_p50_seconds=percentile(((one.computed, 1.0) for one in minute.samples), 0.5),
        wait_p50_seconds=percentile(((one.waited, 1.0) for one in minute.samples), 0.5),
    )


def _sample(told: str) -> Sample:
    waited, computed, handed = told.split()
    return Sample(int(waited) / 1000, int(computed) / 1000, handed == "1")
