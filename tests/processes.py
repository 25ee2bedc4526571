"""Real worker processes for tests: started, watched, and killed in the end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from latentrelay.contracts import StageName
from latentrelay.settings import Settings

ROOT = Path(__file__).parent.parent
START_SECONDS = 120

Worker = subprocess.Popen[bytes]
Start = Callable[..., Worker]
"""Starts a worker of a stage; keywords are its environment."""


class WorkerProcesses:
    """Starts stage workers connected to `settings`, with short leases; their logs lie in `folder`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._started: list[Worker] = []

    def start(self, module: str, stage: StageName, **environment: str) -> Worker:
        """A worker of `module`; `environment` adds to its own."""
        number = len(self._started)
        arguments = ["celery", "-A", module, "worker"]
        with (self._folder / f"worker-{number}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *arguments, "--hostname", f"{stage}-{number}@%h"],
                cwd=ROOT,
                env={**os.environ, **address(self._settings), **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(worker)
        return worker

    def logs(self) -> str:
        """All that the workers logged."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("worker-*.log")))

    def kill(self) -> None:
        """End all of them at once."""
        for worker in self._started:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def address(settings: Settings) -> dict[str, str]:
    """The environment that leads a process to the servers of `settings`."""
    assert settings.redis_url
    return {
        "LATENTRELAY_REDIS_URL": settings.redis_url.get_secret_value(),
        "LATENTRELAY_S3_ENDPOINT": str(settings.s3_endpoint),
        "LATENTRELAY_S3_ACCESS_KEY": settings.s3_access_key,
        "LATENTRELAY_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "LATENTRELAY_S3_BUCKET": settings.s3_bucket,
        "LATENTRELAY_LEASE_SECONDS": "3",
        "LATENTRELAY_REAP_SECONDS": "0.5",
        "LATENTRELAY_SWEEP_SECONDS": "0.5",
    }


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`; fail the test where it does not come."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def free_port() -> int:
    """A port that nothing listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
