"""The figures of a soak, and its last line. Pure."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from infra.soak.campaign import FaultKind
from infra.soak.evidence import Evidence, Held, Record, Told
from infra.soak.proof import Broken, Promise
from latentrelay import EventType

STARTS = (EventType.STARTED, EventType.STAGE_STARTED)
STEP_SECONDS = 1.0  # more than a step of a small model takes on a busy machine
SUDDEN = (FaultKind.WORKER_KILLED, FaultKind.POOL_KILLED, FaultKind.WORKER_STOPPED)


def report(evidence: Evidence, found: Sequence[Broken]) -> str:
    """All that is told at the end; the last line is for machines too."""
    records, accepted = {record.job_id: record for record in evidence.records}, evidence.accepted
    ends = Counter(str(records[job.job_id].status) if job.job_id in records else "lost" for job in accepted)
    kinds = Counter(str(hit.kind) for hit in evidence.struck)
    recoveries = sorted(recovered(evidence))
    figures = ", ".join(f"{name} {at_rank(recoveries, rank):.1f} s" for name, rank in _RANKS.items())
    return "\n".join(
        [
            f"{evidence.seconds:.0f} s, {len(accepted)} jobs: {_counts(ends)}",
            *(f"  {count:3} x {kind}" for kind, count in kinds.most_common()),
            f"recovery from a worker's sudden end or halt, {len(recoveries)} times: {figures}",
            f"work done twice: {wasted(evidence):.1f} of {worked(evidence):.1f} s",
            *(f"BROKEN: {one.promise}: {one.subject} {one.how}" for one in found),
            last_line(evidence, found),
        ]
    )


def last_line(evidence: Evidence, found: Sequence[Broken]) -> str:
    """The soak in a line."""
    lost, doubled = (sum(one.promise is promise for one in found) for promise in (Promise.ENDED, Promise.ONCE))
    kinds = {hit.kind for hit in evidence.struck}
    waste = 100 * wasted(evidence) / max(worked(evidence), 0.001)
    return (
        f"soak: {len(evidence.accepted)} jobs, {len(evidence.struck)} faults of {len(kinds)} kinds, "
        f"lost {lost}, doubled {doubled}, "
        f"recovery p95 {at_rank(sorted(recovered(evidence)), 0.95):.1f} s, waste {waste:.1f} %"
    )


def recovered(evidence: Evidence) -> Iterator[float]:
    """Seconds from each strike at a worker to the next attempt at a job that it held, where there was one."""
    records = {record.job_id: record for record in evidence.records}
    for hit in evidence.struck:
        for held in hit.held if hit.kind in SUDDEN else ():
            again = held.job_id in records and _next_start(records[held.job_id], held)
            if again:
                yield max(0.0, again.at - hit.at)


def wasted(evidence: Evidence) -> float:
    """GPU seconds of attempts after which their stage was begun again.

    What an attempt that was committed took is known. Of one that was lost counts the time from its start, or from the
    last image that it told, which its successor takes over, to the last step that it told; a longer pause than
    `STEP_SECONDS` was spent waiting for a server. Too much rather than too little: latents that were taken over count
    as drawn twice.
    """
    return sum(_drawn_in_vain(record) for record in evidence.records)


def worked(evidence: Evidence) -> float:
    """GPU seconds of all committed attempts."""
    return sum(sum(record.gpu_seconds.values()) for record in evidence.records)


def at_rank(ordered: Sequence[float], rank: float) -> float:
    """The value at `rank` (0 to 1) of values in order, the next higher one where it falls between two."""
    return ordered[max(0, math.ceil(rank * len(ordered)) - 1)] if ordered else 0.0


_RANKS = {"p50": 0.5, "p95": 0.95, "max": 1.0}


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())


def _next_start(record: Record, held: Held) -> Told | None:
    later = (event for event in record.events if event.type in STARTS and event.stage is held.stage)
    return next((event for event in later if event.attempt > held.attempt), None)


def _drawn_in_vain(record: Record) -> float:
    starts = [event for event in record.events if event.type in STARTS]
    return sum(_drawn(record, one) for one in starts if _next_start(record, _as_held(record, one)))


def _as_held(record: Record, start: Told) -> Held:
    return Held(job_id=record.job_id, stage=start.stage, attempt=start.attempt)


def _drawn(record: Record, start: Told) -> float:
    """Seconds of one attempt that nobody took over."""
    committed = record.gpu_seconds.get(f"{start.stage}/{start.attempt}")
    if committed is not None:
        return committed
    mine = [event for event in record.events if (event.stage, event.attempt) == (start.stage, start.attempt)]
    kept = max([start.at, *(event.at for event in mine if event.type is EventType.IMAGE_READY)])
    steps = [event.at for event in mine if event.type is EventType.PROGRESS and event.at > kept]
    return sum(min(later - earlier, STEP_SECONDS) for earlier, later in pairwise([kept, *steps]))
