"""Submissions that come when they come, whether or not the earlier ones were answered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2

BODY = {"kind": "text_to_image", "prompt": "a lighthouse on a cliff at dawn", "metadata": {"steps": "1"}}


@dataclass
class Arrivals:
    """What came of them. Latencies in seconds, from the moment at which a submission was due: waiting counts."""

    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    def quantile(self, part: float) -> float:
        """The latency that `part` of all submissions stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def arrive(url: str, per_second: float, seconds: float, told: Callable[[str], None]) -> Arrivals:
    """Submit at a steady rate for so long; `told` takes the id of every job."""
    arrivals = Arrivals()
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    begin = time.perf_counter()
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as http, asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            due = begin + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(_submit(http, due, arrivals, told))
    return arrivals


async def _submit(http: httpx2.AsyncClient, due: float, arrivals: Arrivals, told: Callable[[str], None]) -> None:
    try:
        answer = await http.post("/v1/jobs", json=BODY)
        arrivals.latencies.append(time.perf_counter() - due)
        answer.raise_for_status()
        told(answer.json()["id"])
    except httpx2.HTTPError:
        arrivals.failures += 1
