"""The stack of the demo: `latentrelay up` on small models, as a user would start it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentrelay.client import Client
from latentrelay.contracts import StageName, WorkerState
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings

START_SECONDS = 180
STOP_SECONDS = 60


def weights_are_configured() -> bool:
    """Whether somebody named models of their own."""
    return any(name.startswith("LATENTRELAY_") and name.endswith("_MODEL") for name in os.environ)


@contextmanager
def running(data_dir: Path, models: Path | None) -> Iterator[Client]:
    """A client of a stack that runs as long as the block does."""
    options = ["--models", str(models)] if models else []
    log = data_dir / "up.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        command = [sys.executable, "-m", "latentrelay", "up", "--no-gateway", "--data", str(data_dir), *options]
        stack = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield _ready(stack, Settings(data_dir=data_dir), log)
    finally:
        stack.send_signal(signal.SIGTERM)
        stack.wait(STOP_SECONDS)


def _ready(stack: subprocess.Popen[bytes], settings: Settings, log: Path) -> Client:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and stack.poll() is None:
        try:
            client = Client.connect(settings)
        except StackUnavailable:
            time.sleep(0.2)
            continue
        if {worker.stage for worker in client.workers() if worker.state is WorkerState.READY} == set(StageName):
            return client
        client.close()
        time.sleep(0.2)
    sys.exit(f"The stack did not start; its log is {log}.")
