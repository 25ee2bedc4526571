"""A Docker daemon of the trial's own: its images bear the names of others', and must not be found by anybody else."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 60.0


@contextmanager
def daemon(folder: Path) -> Iterator[Mapping[str, str]]:
    """The environment by which its clients find a daemon that keeps all it has in `folder`; it ends with the block."""
    if os.geteuid() != 0:
        sys.exit("the trial starts a Docker daemon of its own, and needs root for that")
    if subprocess.run(["pgrep", "-x", "dockerd"], capture_output=True, check=False).returncode == 0:
        sys.exit("a Docker daemon runs here, and two would share one bridge: stop it first")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(
            prefix="latentrelay-", ignore_cleanup_errors=True
        ) as run,  # sockets want short paths
        (folder / "dockerd.log").open("wb") as log,
    ):
        process = subprocess.Popen(_command(folder, Path(run)), stdout=log, stderr=log)
        try:
            yield _answering(process, f"unix://{run}/docker.sock")
        finally:
            process.terminate()  # its containers were taken down before
            process.wait(STOP_SECONDS)


def _command(folder: Path, run: Path) -> list[str]:
    places = {"--data-root": folder / "data", "--exec-root": run / "exec", "--pidfile": run / "pid"}
    return ["dockerd", *(f"{option}={place}" for option, place in places.items()), f"--host=unix://{run}/docker.sock"]


def _answering(process: subprocess.Popen[bytes], host: str) -> Mapping[str, str]:
    # Debian's client builds with the daemon's own BuildKit; newer ones want a plugin, which may not be there
    path = f"/usr/bin:{os.environ['PATH']}"
    environment = os.environ | {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "1", "PATH": path}
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(["docker", "info"], env=environment, capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("dockerd does not start; its log lies in out/compose-test/")
        time.sleep(0.5)
    return environment
