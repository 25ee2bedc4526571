"""A real `up` with stand-in workers, and the lines that it tells."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

UP = """
import os, sys
from latentrelay.embedded.up import up
from latentrelay.settings import Settings
up(
    Settings(),
    say=lambda line: print(line, flush=True),
    stages=sys.argv[1].split(","),
    grace=float(sys.argv[2]),
    gateway="GATEWAY" in os.environ,
    command=lambda stage, number: [sys.executable, "-c", sys.argv[3], stage],
    started=lambda settings: print("all started", settings.s3_bucket, flush=True),
)
"""
WORKS = "import signal, sys; signal.signal(15, lambda *_: sys.exit(0)); print('works', flush=True); signal.pause()"


class Up:
    """A running `up`, and the lines it tells."""

    def __init__(self, folder: Path, environment: dict[str, str], stages: str, worker: str, grace: float) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._ready = folder.with_name("ready")
        if not self._ready.exists():
            os.mkfifo(self._ready)
        self.process = subprocess.Popen(
            [sys.executable, "-c", UP, stages, str(grace), worker],
            env=environment | {"LATENTRELAY_DATA_DIR": str(folder), "READY": str(self._ready)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def tells(self, text: str) -> str:
        """Wait for a line with `text`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if text in line:
                return line
        raise AssertionError(f"never told {text!r}, but:\n" + "\n".join(self.lines))

    def worker_is_ready(self) -> None:
        """Wait until a worker that tells so does."""
        self._ready.read_bytes()

    def ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def ends(self) -> int:
        assert self.process.stdout is not None
        self.lines += [line.rstrip() for line in self.process.stdout]
        return self.process.wait()

    def pid(self, name: str) -> int:
        return int(next(self.folder.rglob(f"{name}.lock")).read_text())

    def children(self) -> list[int]:
        texts = [lock.read_text() for lock in self.folder.glob("*/*.lock")]
        return [int(text) for text in texts if text]  # an empty one is of a start that was interrupted before it began


Starter = Callable[..., Up]


def unconfigured() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LATENTRELAY_")}


def is_gone(pid: int) -> bool:
    """Whether the process ended, reaped or not."""
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter between opening and reading
        return True
