"""Which file each image of a job is written to. Pure."""

from collections.abc import Iterator
from pathlib import Path

from latentrelay.contracts import ImageFormat, Job, Role
from latentrelay.errors import InvalidRequest

_SUFFIXES = {
    ".png": ImageFormat.PNG,
    ".jpg": ImageFormat.JPEG,
    ".jpeg": ImageFormat.JPEG,
    ".webp": ImageFormat.WEBP,
}
_SUFFIX = {ImageFormat.PNG: ".png", ImageFormat.JPEG: ".jpg", ImageFormat.WEBP: ".webp"}


def format_of(path: str | None, asked: str | None) -> str | None:
    """The format to ask for: what was asked, else what the suffix of the file names, else None.

    Raises:
        InvalidRequest: the two differ.
    """
    told = _SUFFIXES.get(Path(path).suffix.lower()) if path and not names_folder(path) else None
    if asked and told and asked != told:
        raise InvalidRequest.at("output.format", f"is {asked}, but the file {Path(path or '').name} is named a {told}")
    return asked or told


def has_known_suffix(path: str) -> bool:
    """Whether an image can be written to `path`: a folder, or a file of a suffix we write, or of none."""
    return names_folder(path) or Path(path).suffix.lower() in ("", *_SUFFIXES)


def names_folder(path: str) -> bool:
    """Whether `-o` names a folder: it ends in a slash, or is one."""
    return path.endswith("/") or Path(path).is_dir()


def image_files(job: Job, out: str) -> dict[tuple[int, Role], Path]:
    """Where each image of `job` goes.

    A file: the image itself where there is one, with `-0`, `-1` before the suffix where there are several, the base's
    own with `-base`. A folder: `{job id}-0.png` and so on.
    """
    path = Path(out) / f"{job.id}{_SUFFIX[job.request.output.format]}" if names_folder(out) else Path(out)
    numbered = names_folder(out) or job.count > 1
    return {key: path.with_name(f"{path.stem}{label}{path.suffix}") for key, label in _labels(job, numbered=numbered)}


def _labels(job: Job, *, numbered: bool) -> Iterator[tuple[tuple[int, Role], str]]:
    for image in job.images:
        number = f"-{image.index}" if numbered else ""
        yield (image.index, image.role), number + ("-base" if image.role is Role.BASE else "")
