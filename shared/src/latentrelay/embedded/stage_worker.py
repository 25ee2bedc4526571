"""One stage worker as a child process: its command, its folder, its environment."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

from pydantic import SecretStr

import latentrelay
from latentrelay.contracts import StageName
from latentrelay.embedded.child import Child
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings

_MODELS = ("sdxl_base_model", "sdxl_refiner_model", "unclip_model")


class StageWorker:
    """A Celery worker of one stage, supervised.

    Args:
        child: its process, not yet started.
        grace: seconds it may go on with its job when asked to stop.
    """

    def __init__(self, child: Child, *, grace: float) -> None:
        self.child = child
        self._grace = grace

    def start(self) -> None:
        """Start it; loading its model takes longer, and is told by itself."""
        self.child.start()

    def stop(self) -> None:
        """Ask it to finish its job, and kill it if that takes too long."""
        self.child.stop(grace=self._grace)


def worker_command(stage: StageName, number: int) -> list[str]:
    """How worker `number` of `stage` is started; pool and concurrency come from its Celery app."""
    celery = [sys.executable, "-m", "celery", "-A", f"services.{stage}.worker", "worker"]
    return [*celery, "--hostname", f"{stage}-{number}@%h"]


def worker_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """`inherited`, with every setting as `settings` have it; secrets travel this way and no other."""
    prefix = str(Settings.model_config["env_prefix"])
    others = {name: value for name, value in inherited.items() if not name.upper().startswith(prefix)}
    values = {f"{prefix}{name.upper()}": _as_text(name, value) for name, value in settings}
    return others | {name: value for name, value in values.items() if value is not None}


def services_folder(starts: Sequence[Path] | None = None) -> Path:
    """The nearest folder above the working folder, or above this package, that holds the stage services.

    Raises:
        StackUnavailable: there is none.
    """
    for start in starts or (Path.cwd(), Path(latentrelay.__file__).resolve()):
        for folder in (start, *start.parents):
            if (folder / "services" / StageName.SDXL_BASE / "worker.py").is_file():
                return folder
    raise StackUnavailable(
        "the stage services are not here; start this in a clone of Latent Relay, which has services/"
    )


def _as_text(name: str, value: object) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, frozenset | tuple):
        return json.dumps(sorted(value) if isinstance(value, frozenset) else value)
    if isinstance(value, Path) or (name in _MODELS and Path(str(value)).expanduser().is_dir()):
        return os.path.abspath(Path(str(value)).expanduser())  # noqa: PTH100 - the worker runs in another folder
    return None if value is None else str(value.value if isinstance(value, Enum) else value)
