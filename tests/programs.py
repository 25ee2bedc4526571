"""Programs that no wheel brings, for the tests that need them."""

import shutil
import subprocess
from pathlib import Path

import pytest


def program(name: str, packages: str) -> str:
    """Where it is. A test that lacks it is skipped, and `make test` tells in the end what was skipped and why."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: {packages}")
    return found


def promtool(folder: Path, *arguments: str) -> str:
    """What it prints, run in `folder`; it must find nothing wrong."""
    command = [program("promtool", "apt-get install prometheus"), *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
