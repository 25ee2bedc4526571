"""infra/docker/health.py: what a container's health check learns from its process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latentrelay.contracts import StageName, WorkerInfo, WorkerState
from latentrelay.pulse import beat
from tests.receivers import speaking

ROOT = Path(__file__).parents[3]


def ended(process: str, **environment: str) -> tuple[int, str]:
    """The exit code, and what it said."""
    command = [sys.executable, "-I", ROOT / "infra/docker/health.py", process]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def worker(state: WorkerState, detail: str | None = None) -> WorkerInfo:
    return WorkerInfo(id="w", stage=StageName.SDXL_BASE, state=state, host="here", pid=1, detail=detail)


@pytest.mark.parametrize("state", [*WorkerState])
def test_a_worker_that_loads_or_failed_is_not_well_and_one_that_waits_or_drains_is(
    state: WorkerState, tmp_path: Path
) -> None:
    beat(tmp_path / "pulse", worker(state, "the reason"))
    ails = state in (WorkerState.LOADING, WorkerState.FAILED)
    expected = (1, f"{state}: the reason") if ails else (0, "ok")
    assert ended("worker", LATENTRELAY_WORKER_PULSE=str(tmp_path / "pulse")) == expected


def test_a_worker_that_loads_its_model_again_is_alive(tmp_path: Path) -> None:
    beat(tmp_path / "pulse", worker(WorkerState.LOADING))
    assert ended("alive", LATENTRELAY_WORKER_PULSE=str(tmp_path / "pulse")) == (0, "ok")


@pytest.mark.parametrize("asked", ["worker", "alive"])
def test_a_worker_that_no_longer_beats_is_neither_well_nor_alive(asked: str, tmp_path: Path) -> None:
    beat(tmp_path / "pulse", worker(WorkerState.BUSY))
    then = time.time() - 65
    os.utime(tmp_path / "pulse", (then, then))
    code, told = ended(asked, LATENTRELAY_WORKER_PULSE=str(tmp_path / "pulse"))
    assert (code, told[:15]) == (1, "no sign of life")
    (tmp_path / "pulse").unlink()
    assert ended(asked, LATENTRELAY_WORKER_PULSE=str(tmp_path / "pulse"))[0] == 1


@pytest.mark.parametrize("text", [None, "{}", "no JSON"])
def test_a_worker_that_never_beat_is_not_well_nor_is_a_file_of_somebody_else(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "pulse").write_text(text)
    code, told = ended("worker", LATENTRELAY_WORKER_PULSE=str(tmp_path / "pulse"))
    assert (code, "there is no pulse" in told) == (1, True)


@pytest.mark.parametrize(
    ("process", "variable", "path"),
    [
        ("gateway", "LATENTRELAY_GATEWAY_PORT", "/livez"),
        ("webhooks", "LATENTRELAY_WEBHOOK_METRICS_PORT", "/metrics"),
    ],
)
def test_a_process_that_listens_is_asked_at_its_port(process: str, variable: str, path: str) -> None:
    came: list[bytes] = []
    for status, expected in ((200, (0, "ok")), (503, (1, "answers 503"))):
        with speaking(f"HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n".encode(), came=came) as door:
            port = door.rpartition(":")[2]
            code, told = ended(process, **{variable: port})
            assert (code, told.removeprefix(f"port {port} ")) == expected
    assert [one.split()[1].decode() for one in came] == [path, path]
    assert ended(process, **{variable: "1"}) == (1, "port 1 does not answer (ConnectionRefusedError)")
