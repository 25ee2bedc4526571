"""A worker's pulse: how it is, in a file beside it, for whoever watches it on the same machine."""

from pathlib import Path

from latentrelay.contracts import WorkerInfo


def beat(file: Path, info: WorkerInfo) -> None:
    """Say how the worker is now. Whoever reads meanwhile reads the beat before.

    Raises:
        OSError: the file cannot be written.
    """
    written = file.with_name(f"{file.name}.new")
    written.write_text(info.model_dump_json(), encoding="utf-8")
    written.replace(file)
