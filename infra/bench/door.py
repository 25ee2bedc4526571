"""The door under load: submissions at a steady rate, alone and beside a crowd."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.bench.arrivals import Arrivals, arrive
from infra.bench.crowd import Crowd, Heard
from infra.bench.stack import BenchStack, running

WARM_SECONDS = 5.0


@dataclass(frozen=True)
class Case:
    """What the gateway is exposed to."""

    name: str
    readers: int = 0
    silent: int = 0
    half_open: int = 0
    one_core: bool = True
    """Whether the gateway keeps to one core: its threads hand Python's lock over sooner there."""


@dataclass(frozen=True)
class Found:
    """What was measured in one case; memory in MB, after the warm-up and at the end."""

    case: Case
    arrivals: Arrivals
    heard: Heard
    seconds: float
    megabytes: tuple[float, float]
    cpu_seconds: float


CASES = (
    Case("submissions alone"),
    Case("beside 50 readers of events", readers=50),
    Case("beside 50 readers, 20 that never read, 100 half-open requests", readers=50, silent=20, half_open=100),
    Case("beside 50 readers of events, the gateway on any core", readers=50, one_core=False),
)


def measure(per_second: float, seconds: float, cases: Sequence[Case] = CASES) -> list[Found]:
    """Every case on a fresh stack."""
    found = []
    for case in cases:
        print(f"{case.name}: {per_second:g} a second for {seconds:g} s ...", flush=True)
        with (
            tempfile.TemporaryDirectory(prefix="latentrelay-bench-") as folder,
            running(Path(folder), one_core=case.one_core) as stack,
        ):
            found.append(asyncio.run(_expose(stack, case, per_second, seconds)))
        print(f"p99 {1000 * found[-1].arrivals.quantile(0.99):.0f} ms", flush=True)
    return found


async def _expose(stack: BenchStack, case: Case, per_second: float, seconds: float) -> Found:
    await arrive(stack.url, per_second / 2, WARM_SECONDS)
    crowd = Crowd(stack.url)
    crowd.join(case.readers, case.silent, case.half_open)
    await asyncio.sleep(1)
    before, cpu = stack.gateway_megabytes, stack.gateway_cpu_seconds
    arrivals = await arrive(stack.url, per_second, seconds)
    cpu, after = stack.gateway_cpu_seconds - cpu, stack.gateway_megabytes
    await crowd.leave()
    return Found(case, arrivals, crowd.heard, seconds, (before, after), cpu)


def table(found: Sequence[Found], per_second: float) -> str:
    """The findings in markdown."""
    head = (
        "| case | answered | failed | p50 | p95 | p99 | worst | p99 to the first | events read | gateway CPU | memory |"
    )
    lines = [head, "| --- |" + " ---: |" * 10]
    first = found[0].arrivals.quantile(0.99)
    for one in found:
        at = [f"{1000 * one.arrivals.quantile(part):.0f} ms" for part in (0.5, 0.95, 0.99, 1)]
        ratio = f"{one.arrivals.quantile(0.99) / first:.1f}"
        cpu = f"{100 * one.cpu_seconds / one.seconds:.0f} %"
        memory = f"{one.megabytes[0]:.0f} → {one.megabytes[1]:.0f} MB"
        told = [
            one.case.name,
            len(one.arrivals.latencies),
            one.arrivals.failures,
            *at,
            ratio,
            one.heard.events,
            cpu,
            memory,
        ]
        lines.append("| " + " | ".join(map(str, told)) + " |")
    return "\n".join([f"{per_second:g} submissions a second for {found[0].seconds:g} s each.", "", *lines])
