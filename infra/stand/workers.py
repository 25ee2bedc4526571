"""Echo workers, and every other process beside the servers."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from latentrelay.contracts import StageName
from latentrelay.embedded.child import Child
from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.settings import Settings

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0
"""How long a stack may take until it serves."""


def child(name: str, command: Sequence[str], settings: Settings, **environment: str) -> Child:
    """A process of Python's, not yet started, with `settings` in its environment and its log in their data folder."""
    told = worker_environment(settings, os.environ) | environment
    return Child(name, [sys.executable, "-m", *command], folder=settings.data_dir / "logs", cwd=ROOT, environment=told)


def echo(stage: StageName, number: int, settings: Settings) -> Child:
    """Worker `number` of a stage; how long it takes is said by each job."""
    celery = ["celery", "-A", "tests.echo.worker", "worker"]
    name = f"{stage}-{number}"
    return child(name, [*celery, "--hostname", f"{name}@%h"], settings, ECHO_STAGE=stage)
