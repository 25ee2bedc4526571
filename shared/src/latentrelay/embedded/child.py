"""One child process: a session and a log file of its own, and an end no later than ours."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from latentrelay.embedded.interruptions import uninterrupted
from latentrelay.embedded.kept import own_folder

LOG_LIMIT = 5_000_000  # bytes; a longer log is set aside at the next start
LEFTOVER_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: nothing may be imported after a fork


class Child:
    """A process that this one starts and ends.

    `name` names its files in `folder`: `{name}.log`, and `{name}.lock`, which it holds locked for as long as it lives
    and which says its process id. The caller owns the folder: whoever still holds the lock at a start is a leftover
    of a killed parent and is ended.

    On Linux the child is killed when the thread that started it ends; start it from one that stays.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        folder: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._argv = tuple(argv)
        self._folder = folder
        self._cwd = cwd or folder
        self._environment = None if environment is None else dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    @property
    def pid(self) -> int | None:
        """Its process id, once started."""
        return self._process.pid if self._process else None

    @property
    def code(self) -> int | None:
        """Its exit code, the negative signal number that ended it, or None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, stdin: bytes = b"") -> None:
        """Start it and give it `stdin` to read.

        Raises:
            OSError: the program cannot be executed.
        """
        own_folder(self._folder)
        with _taken(self._folder / f"{self.name}.lock") as lock, self._opened_log() as log, uninterrupted():
            self._log_from = log.tell()
            self._process = self._spawn(log, lock)
            lock.write(str(self._process.pid).encode())
            lock.flush()
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe; for the type checker
        with suppress(BrokenPipeError), self._process.stdin as pipe:  # it ended at once: its code and log say why
            pipe.write(stdin)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; SIGKILL reaches its own children too."""
        if self.alive and self.pid is not None:
            with suppress(ProcessLookupError):
                (os.killpg if number is signal.SIGKILL else os.kill)(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it came."""
        with suppress(subprocess.TimeoutExpired):
            if self._process is not None:
                self._process.wait(max(seconds, 0))
        return not self.alive

    def ask(self) -> None:
        """Ask it to end."""
        self.signal(signal.SIGTERM)

    def stop(self, *, grace: float) -> None:
        """Ask it to end, and kill it after `grace` seconds."""
        self.ask()
        if not self.wait(grace):
            self.kill()

    def kill(self) -> None:
        """End it now."""
        self.signal(signal.SIGKILL)
        self.wait(LEFTOVER_SECONDS)

    def last_lines(self, count: int = 8) -> tuple[str, ...]:
        """The end of what it logged since its last start."""
        if not self.log.exists():
            return ()
        with self.log.open("rb") as log:
            log.seek(max(self._log_from, self.log.stat().st_size - 8192))
            return tuple(log.read().decode(errors="replace").splitlines()[-count:])

    def _opened_log(self) -> IO[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        return open(os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab")  # noqa: PTH123 - pathlib sets no mode

    def _spawn(self, log: IO[bytes], lock: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._argv,
            cwd=self._cwd,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(lock.fileno(),),
            start_new_session=True,  # a terminal's Ctrl-C is for the parent, which ends its children in order
            umask=0o077,
            preexec_fn=_dies_with_parent(os.getpid()),  # noqa: PLW1509 - one call into libc, nothing that could lock
        )


def _dies_with_parent(parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask


def _taken(file: Path) -> IO[bytes]:
    """Lock `file`, ending the process that was left holding it."""
    lock = open(os.open(file, os.O_CREAT | os.O_RDWR, 0o600), "r+b")  # noqa: PTH123, SIM115 - the caller closes it; pathlib sets no mode
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while not _locked(lock):
        if time.monotonic() > deadline:
            lock.close()
            raise OSError(f"a leftover process still holds {file}")
        _kill_leftover(lock)
        time.sleep(0.05)
    lock.truncate(0)
    return lock


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _kill_leftover(lock: IO[bytes]) -> None:
    lock.seek(0)
    pid = lock.read(20)
    lock.seek(0)
    if pid.isdigit():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(int(pid), signal.SIGKILL)
