"""A worker's pulse: how it is, in a file beside it. A health check reads it, whatever Redis and the network do."""

import time
from pathlib import Path

from pydantic import ValidationError

from latentrelay.contracts import WorkerInfo, WorkerState

STILL_SECONDS = 60.0
"""Without a beat for so long a worker has stopped: one that waits for a Redis that hangs beats every 15 s."""


def beat(file: Path, info: WorkerInfo) -> None:
    """Say how the worker is now. Whoever reads meanwhile reads the beat before.

    Raises:
        OSError: the file cannot be written.
    """
    written = file.with_name(f"{file.name}.new")
    written.write_text(info.model_dump_json(), encoding="utf-8")
    written.replace(file)


def ailment(file: Path) -> str | None:
    """Why the worker that beats in `file` does not serve; None where it does."""
    try:
        silent_seconds = time.time() - file.stat().st_mtime
        info = WorkerInfo.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return f"there is no pulse in {file}"
    return judge(info, silent_seconds)


def judge(info: WorkerInfo, silent_seconds: float) -> str | None:
    """Why a worker does not serve that was as `info` says `silent_seconds` ago.

    One that waits for Redis or the store serves: to end it would help nobody. So does one that drains.
    """
    if silent_seconds > STILL_SECONDS:
        return f"it has shown no sign of life for {silent_seconds:.0f} s"
    if info.state in (WorkerState.LOADING, WorkerState.FAILED):
        return f"it is {info.state}" + (f": {info.detail}" if info.detail else "")
    return None
