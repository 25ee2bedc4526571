"""`python -m infra.models.miniature FOLDER [--quick]`: teach, write, measure; goes on from where it was stopped.

FOLDER holds the state of the lessons; FOLDER/trained is what came of them.
"""

import argparse
import fcntl
import sys
from pathlib import Path

import torch


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(prog="python -m infra.models.miniature", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the state is kept")
    parser.add_argument("--quick", action="store_true", help="a few steps of everything, to see that it works")
    parser.add_argument(
        "--ship", action="store_true", help="put what was made into the clone, and the table on its page"
    )
    asked = parser.parse_args()
    if asked.quick and asked.ship:
        parser.error("--quick models draw nothing: they are not for the clone")
    asked.folder.mkdir(parents=True, exist_ok=True)
    with (asked.folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another run trains in {asked.folder}")
        _run(asked.folder, quick=asked.quick, ship=asked.ship)


def _run(folder: Path, *, quick: bool, ship: bool) -> None:
    from infra.models.miniature import cards, effort, folders, measures, recipe, shipping  # noqa: PLC0415  # after --help

    torch.set_flush_denormal(True)
    chosen = effort.QUICK if quick else effort.FULL
    out = folder / "trained"
    folders.write(recipe.taught(chosen, folder), out)
    cards.write(folder, out)
    shipping.keep(measures.measured(out, chosen.questions, chosen.steps), folder)
    if ship:
        shipping.ship(folder)


if __name__ == "__main__":
    main()
