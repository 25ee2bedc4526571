"""Stages as text for people. Pure."""

from collections.abc import Sequence
from datetime import datetime

from latentrelay.cli.tables import ago, table
from latentrelay.contracts import StageInfo

_HEADS = ("STAGE", "STATE", "WORKERS", "WAITING", "OLDEST", "IN FLIGHT", "JOBS/MIN", "WAIT P50/P95", "COMPUTE P50/P95")


def stages_table(stages: Sequence[StageInfo], now: datetime) -> str:
    """A line a stage."""
    return table([_HEADS, *(_row(stage, now) for stage in stages)])


def _row(stage: StageInfo, now: datetime) -> tuple[str, ...]:
    recent = stage.recent
    return (
        stage.stage,
        stage.state,
        str(stage.workers),
        str(stage.depth),
        "" if stage.oldest_at is None else ago(now - stage.oldest_at),
        str(stage.in_flight),
        f"{recent.jobs_per_minute:.1f}",
        _spread(recent.wait_seconds.p50, recent.wait_seconds.p95),
        _spread(recent.compute_seconds.p50, recent.compute_seconds.p95),
    )


def _spread(p50: float | None, p95: float | None) -> str:
    return "" if p50 is None or p95 is None else f"{p50:.1f} s / {p95:.1f} s"
