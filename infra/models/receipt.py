"""Writes the folders, and knows whether this recipe has written them already."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

VERSION = 1  # raise it when the recipe writes other bytes
RECEIPT = "recipe.json"


def _sizes(out: Path) -> dict[str, int]:
    files = (file for file in out.rglob("*") if file.is_file() and file != out / RECEIPT)
    return {file.relative_to(out).as_posix(): file.stat().st_size for file in sorted(files)}


def is_complete(out: Path) -> bool:
    """Whether `out` holds every file of this version of the recipe, at its size. Reads no weights, imports no torch."""
    try:
        receipt: dict[str, Any] = json.loads((out / RECEIPT).read_text())
    except (OSError, ValueError):
        return False
    sizes = _sizes(out)
    files: dict[str, int] = receipt.get("files", {})
    return receipt.get("version") == VERSION and all(sizes.get(name) == size for name, size in files.items())


def write(out: Path) -> None:
    """Write the three folders in the place of what was there; `out` is never half written under its own name."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        made = Path(folder) / out.name
        _fill(made)
        (made / RECEIPT).write_text(json.dumps({"version": VERSION, "files": _sizes(made)}, indent=2))
        _replace(made, out, aside=Path(folder) / "before")


def _fill(out: Path) -> None:
    from infra.models import sdxl, unclip  # noqa: PLC0415  # a complete folder is told without importing torch

    shared = sdxl.Shared()
    sdxl.base(shared).save_pretrained(out / "sdxl_base")
    sdxl.refiner(shared).save_pretrained(out / "sdxl_refiner")
    unclip.unclip().save_pretrained(out / "unclip")


def _replace(made: Path, out: Path, *, aside: Path) -> None:
    if out.exists() and not is_complete(out):
        shutil.move(out, aside)
    try:
        made.replace(out)
    except OSError:
        if not is_complete(out):  # else another run of this recipe was quicker, with the same bytes
            raise
