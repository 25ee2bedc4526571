"""A worker's pulse: what a health check learns from it."""

import os
import time
from pathlib import Path

import pytest

from latentrelay.contracts import StageName, WorkerInfo, WorkerState
from latentrelay.pulse import STILL_SECONDS, ailment, beat


def worker(state: WorkerState, detail: str | None = None) -> WorkerInfo:
    return WorkerInfo(id="w", stage=StageName.SDXL_BASE, state=state, host="here", pid=1, detail=detail)


@pytest.mark.parametrize("state", [*WorkerState])
def test_one_that_loads_or_failed_does_not_serve_and_one_that_waits_or_drains_does(
    state: WorkerState, tmp_path: Path
) -> None:
    beat(tmp_path / "pulse", worker(state, "the reason"))
    ails = state in (WorkerState.LOADING, WorkerState.FAILED)
    assert ailment(tmp_path / "pulse") == (f"it is {state}: the reason" if ails else None)


def test_one_that_no_longer_beats_does_not_serve(tmp_path: Path) -> None:
    beat(tmp_path / "pulse", worker(WorkerState.BUSY))
    then = time.time() - STILL_SECONDS - 5
    os.utime(tmp_path / "pulse", (then, then))
    assert "no sign of life" in str(ailment(tmp_path / "pulse"))


def test_one_that_never_beat_and_a_file_of_somebody_else_are_no_pulse(tmp_path: Path) -> None:
    assert "no pulse" in str(ailment(tmp_path / "pulse"))
    (tmp_path / "pulse").write_text("{}")
    assert "no pulse" in str(ailment(tmp_path / "pulse"))
