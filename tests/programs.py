"""Programs that no wheel brings, for the tests that need them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def program(name: str, packages: str) -> str:
    """Where it is. A test that lacks it is skipped; where CI is set it fails: what is skipped there nobody reads."""
    found = shutil.which(name)
    if found is None:
        lacking = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        lacking(f"{name} is not installed: {packages}")
    return found


def promtool(folder: Path, *arguments: str) -> str:
    """What it prints, run in `folder`; it must find nothing wrong."""
    command = [program("promtool", "apt-get install prometheus"), *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
