"""The stack of the demo: `latentrelay up`, as a user would start it, on servers of its own."""

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
from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings

START_SECONDS = 180
STOP_SECONDS = 60
SERVERS = ("redis_url", "s3_endpoint", "s3_public_endpoint")


def own_settings(data_dir: Path) -> Settings:
    """What is set here, in the environment or in .env, but for servers: a demo has no business on those."""
    return Settings(data_dir=data_dir.absolute()).model_copy(update=dict.fromkeys(SERVERS))


@contextmanager
def running(settings: Settings, models: Path | None) -> Iterator[Client]:
    """A client of a stack with `settings` that runs as long as the block does."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    log = settings.data_dir / "up.log"
    with log.open("wb") as output:
        stack = _start(settings, ["--models", str(models.absolute())] if models else [], output.fileno())
    try:
        yield _ready(stack, settings, log)
    finally:
        stack.send_signal(signal.SIGTERM)
        stack.wait(STOP_SECONDS)


def _start(settings: Settings, options: list[str], output: int) -> subprocess.Popen[bytes]:
    """In the data folder, where no .env lies that could name servers again: the environment says all settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "latentrelay", "up", "--no-gateway", *options],
        cwd=settings.data_dir,
        env=worker_environment(settings, os.environ),
        stdout=output,
        stderr=output,
    )


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
