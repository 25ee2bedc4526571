"""The sender of webhooks as a child process."""

import os
import sys
from pathlib import Path

from pydantic import SecretStr

from latentrelay.embedded.child import Child
from latentrelay.embedded.kept import is_free, kept_ports, kept_secret, own_folder
from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.settings import Settings

STOP_SECONDS = 3.0  # what is under way then is sent again, by whoever comes next


class WebhooksProcess:
    """The sender of webhooks, supervised.

    Args:
        settings: connected; with a key (`with_key`).
        folder: of its log and its port; made when missing.
        root: the folder that holds services/.
    """

    def __init__(self, settings: Settings, folder: Path, root: Path) -> None:
        command = [sys.executable, "-m", "services.webhooks"]
        environment = worker_environment(_with_port(settings, own_folder(folder)), os.environ)
        self.child = Child("webhooks", command, folder=folder, cwd=root, environment=environment)

    def start(self) -> None:
        """Start it."""
        self.child.start()

    def stop(self) -> None:
        """Ask it to end, and kill it if that takes too long."""
        self.child.stop(grace=STOP_SECONDS)


def with_key(settings: Settings, folder: Path) -> Settings:
    """`settings` with a key that seals secrets: theirs, else the one that `folder` keeps."""
    if settings.webhook_key is not None:
        return settings
    key = kept_secret(own_folder(folder) / "webhook-key")
    return settings.model_copy(update={"webhook_key": SecretStr(key)})


def _with_port(settings: Settings, folder: Path) -> Settings:
    """Another port for its metrics where that of the settings is taken, as by another stack of this machine."""
    port = settings.webhook_metrics_port
    if port and not is_free(port, settings.webhook_metrics_host):
        port = kept_ports(folder / "ports.json", ["metrics"])["metrics"]
    return settings.model_copy(update={"webhook_metrics_port": port})
