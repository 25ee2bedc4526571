"""Submissions that come when they come, whether or not the earlier ones were answered."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from infra.bench.wire import Wire


@dataclass
class Arrivals:
    """What came of them. Latencies in seconds, from the moment at which a submission was due: waiting counts."""

    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    def quantile(self, part: float) -> float:
        """The latency that `part` of all submissions stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def asked(priority: str) -> dict[str, Any]:
    """A job of two stages whose echo workers take 0.4 s each: they wait, as for a device, and compute nothing."""
    wish = {"steps": "4", "step_seconds": "0.1"}
    return {"kind": "text_to_image", "prompt": "a lighthouse on a cliff", "priority": priority, "metadata": wish}


async def arrive(url: str, per_second: float, seconds: float) -> Arrivals:
    """Submit at a steady rate for so long."""
    arrivals, wire, begin = Arrivals(), Wire(url), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            due = begin + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(_submit(wire, due, arrivals))
    return arrivals


async def _submit(wire: Wire, due: float, arrivals: Arrivals) -> None:
    try:
        await wire.post("/v1/jobs", asked("batch"))
        arrivals.latencies.append(time.perf_counter() - due)
    except OSError:
        arrivals.failures += 1
