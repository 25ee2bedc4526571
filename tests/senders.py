"""Real processes that send webhooks, for tests."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.settings import Settings
from tests.processes import ROOT

Sender = subprocess.Popen[bytes]


class Senders:
    """Starts senders connected to `settings`; their logs lie in `folder`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self._folder = folder
        self._started: list[Sender] = []

    def start(self, **changed: object) -> Sender:
        """One more; `changed` settings are its own."""
        environment = worker_environment(self.settings.model_copy(update=changed), os.environ)
        with (self._folder / f"sender-{len(self._started)}.log").open("wb") as log:
            sender = subprocess.Popen(
                [sys.executable, "-m", "services.webhooks"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self._started.append(sender)
        return sender

    def logs(self) -> str:
        """All that they logged."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("sender-*.log")))

    def kill(self) -> None:
        """End all of them at once."""
        for sender in self._started:
            with suppress(ProcessLookupError):
                os.kill(sender.pid, signal.SIGKILL)
            sender.wait()
