"""What extras of shared/ need, a line each: an image installs it before, and apart from, the code that changes."""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path


def requirements(project: Path, extras: Sequence[str]) -> list[str]:
    """The dependencies of the project in the file `project`, and those of its `extras`."""
    told = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    return [*told["dependencies"], *(line for extra in extras for line in told["optional-dependencies"][extra])]


if __name__ == "__main__":
    print("\n".join(requirements(Path(sys.argv[1]), sys.argv[2:])))
