"""The load that `plan` is asked about: of given figures, of a trace, or of what a running stack did lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latentrelay.cli.connection import client_of
from latentrelay.cli.plan_sentences import NAMES
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.contracts import Job, JobStatus, Priority, StageName
from latentrelay.errors import InvalidRequest
from latentrelay.plan.arrivals import Process, arrivals
from latentrelay.plan.load import Arrivals, Way
from latentrelay.plan.shapes import Given, Measured, Shapes, measured
from latentrelay.plan.trace import read_trace

MOST_JOBS, PAGE = 1000, 250  # of a running stack, newest first
FEWEST_JOBS = 20  # of them: fewer tell nothing of a p95


@dataclass(frozen=True)
class Asked:
    """The options that say what comes."""

    rate: float | None
    trace: str | None
    process: str
    burst: int
    seconds: Mapping[StageName, float]
    spread: float
    mix: Mapping[str, float]
    priorities: Mapping[str, float]
    tenants: Mapping[str, float]
    jobs: int
    seed: int
    data: str | None

    @property
    def figures(self) -> Given:
        """What stages take, as given."""
        mix = {Way(way): share for way, share in self.mix.items()}
        priorities = {Priority(priority): share for priority, share in self.priorities.items()}
        return Given(self.seconds, self.spread, mix, priorities)


def load_of(asked: Asked, default_rate: float | None = None) -> Arrivals:
    """The jobs that come; at `default_rate` where nothing says how many.

    Raises:
        Ended: an option or the trace cannot be used; it names it.
        StackUnavailable: no figures are given, and no stack runs that could tell them.
    """
    if asked.trace is not None:
        return _of_trace(asked, asked.trace)
    shapes, as_lately = _shapes(asked)
    rate = asked.rate or default_rate or as_lately
    if rate is None:
        raise Ended("--rate: say how many jobs come, such as 30/min, or give a --trace", USAGE)
    process = Process(asked.process)
    return arrivals(
        shapes, rate, asked.jobs, process=process, burst=asked.burst, tenants=asked.tenants, seed=asked.seed
    )


def _of_trace(asked: Asked, path: str) -> Arrivals:
    try:
        return read_trace(Path(path).read_text(encoding="utf-8").splitlines(), asked.figures, asked.seed)
    except (OSError, UnicodeDecodeError) as error:
        raise Ended(f"--trace: {path} cannot be read: {error}", USAGE) from None
    except InvalidRequest as error:
        lines = (f"--trace: {_line(problem.pointer)} {problem.detail}" for problem in error.problems)
        raise Ended("\n".join(lines), USAGE) from None


def _line(pointer: str) -> str:
    """`/trace/7` is line 7, `/trace` the file."""
    number = pointer.rpartition("/")[2]
    return f"line {number}:" if number.isdecimal() else "it"


def _shapes(asked: Asked) -> tuple[Shapes, float | None]:
    """Where shapes come from, and the rate of lately where the stack tells it."""
    if asked.seconds:
        _check(asked)
        return asked.figures, None
    jobs = lately(asked.data)
    shapes = measured(jobs)
    if len(shapes) < FEWEST_JOBS:
        told = f"the stack has done {len(shapes)} jobs, too few to plan by; give --base-seconds and so on"
        raise Ended(told, USAGE)
    return Measured(shapes), rate_of(jobs)


def _check(asked: Asked) -> None:
    """Each stage that is passed takes some time."""
    for way in asked.figures.mix:
        for stage in way.route:
            if stage not in asked.seconds:
                raise Ended(f"--{NAMES[stage]}-seconds: say what a {way} job takes there", USAGE)


def lately(data: str | None) -> Sequence[Job]:
    """The jobs that a running stack did last."""
    jobs: list[Job] = []
    with client_of(data) as client:
        cursor: str | None = None
        while len(jobs) < MOST_JOBS:
            page = client.list(status=JobStatus.SUCCEEDED, limit=PAGE, cursor=cursor)
            jobs += page.jobs
            cursor = page.next_cursor
            if cursor is None:
                break
    return jobs


def rate_of(jobs: Sequence[Job]) -> float | None:
    """How many of these came in a second; None where they came at once."""
    came = sorted(job.created_at for job in jobs)
    seconds = (came[-1] - came[0]).total_seconds() if came else 0.0
    return (len(came) - 1) / seconds if seconds else None
