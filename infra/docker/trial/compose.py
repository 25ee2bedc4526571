"""docker-compose.yml, with SeaweedFS, as a project of the trial's own."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.docker.trial.images import ROOT

PROJECT = "latentrelay-trial"
WAIT_SECONDS = 600.0
FILES = ("docker-compose.yml", "infra/seaweedfs/compose.yml")


@dataclass(frozen=True)
class Compose:
    """Runs docker-compose and docker, and tells what they say.

    Args:
        docker: the environment that leads to the daemon.
        env_file: the variables.
    """

    docker: Mapping[str, str]
    env_file: Path

    @property
    def variables(self) -> dict[str, str]:
        """What the file of variables says."""
        return dict(line.split("=", 1) for line in self.env_file.read_text("utf-8").splitlines() if "=" in line)

    def compose(self, *words: str) -> str:
        """What docker-compose prints."""
        files = [part for name in FILES for part in ("--file", name)]
        options = ["--project-name", PROJECT, "--env-file", str(self.env_file), "--profile", "cpu", *files]
        return self.run("docker-compose", *options, *words)

    def run(self, *command: str) -> str:
        """What a command prints to standard output.

        Raises:
            subprocess.CalledProcessError: it fails; what it prints to standard error is shown.
        """
        return subprocess.run(command, cwd=ROOT, env=self.docker, stdout=subprocess.PIPE, text=True, check=True).stdout

    def containers(self, service: str | None = None, *, ended: bool = False) -> list[str]:
        """The ids of the containers of a service, or of all; those that have ended too, where asked for."""
        filters = [f"label=com.docker.compose.project={PROJECT}"]
        filters += [f"label=com.docker.compose.service={service}"] if service else []
        told = [part for one in filters for part in ("--filter", one)]
        return self.run("docker", "ps", "--quiet", "--no-trunc", *(["--all"] if ended else []), *told).split()

    def look(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """What docker tells of containers or images."""
        told: list[dict[str, Any]] = json.loads(self.run("docker", "inspect", *ids)) if ids else []
        return told

    def restarts(self, container: str) -> int:
        """How often the daemon has started it again."""
        return int(self.look([container])[0]["RestartCount"])

    def all_healthy(self) -> bool:
        """Whether every container that runs says that it is well."""
        states = [found["State"] for found in self.look(self.containers())]
        return bool(states) and all(state.get("Health", {}).get("Status") == "healthy" for state in states)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`.

    Raises:
        TimeoutError: it does not come.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.2)
