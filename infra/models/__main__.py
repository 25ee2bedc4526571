"""`python -m infra.models OUT` writes OUT/sdxl_base, OUT/sdxl_refiner and OUT/unclip, unless they are there already."""

import sys
from pathlib import Path

from infra.models.receipt import is_complete, write


def main() -> None:
    """Write the three folders and say where they are."""
    match sys.argv[1:]:
        case [folder]:
            out = Path(folder)
        case _:
            sys.exit("usage: python -m infra.models OUT")
    if not is_complete(out):
        _quiet()
        write(out)
    _open_to_all(out)
    print(f"small models: {out.resolve()}")


def _open_to_all(folder: Path) -> None:
    """Let every user read it: weights are written for this one alone, and containers have users of their own."""
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)


def _quiet() -> None:
    """No progress bars, and no advice about torchvision, for a few seconds' work."""
    from transformers.utils import logging  # noqa: PLC0415  # a complete folder is told without importing torch

    logging.disable_progress_bar()
    logging.set_verbosity_error()


if __name__ == "__main__":
    main()
