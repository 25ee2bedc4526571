"""What IMAGE on the command line stands for: a file, a URL, an upload, or the image of an earlier job. Pure."""

import re
from pathlib import Path
from typing import Any

from latentrelay.cli.values import read_job_image


def read_source(word: str) -> Path | dict[str, Any]:
    """The file to upload, or an `ImageSource` as JSON.

    `job:ID` and `job:ID:INDEX` name an image of a job, `upload:ID` an upload; a word with `://` is a URL, `data:` a
    data URI; everything else is a file (`./job:1` where its name begins so).
    """
    scheme, _, rest = word.partition(":")
    if rest.startswith("//"):
        return {"url": word}
    match scheme if rest else "":
        case "job":
            return {"job": read_job_image(rest)}
        case "upload":
            return {"upload_id": rest}
        case "data":
            return {"data_uri": word}
    return Path(word)


def holds_image(data: bytes) -> bool:
    """Whether `data` begins as a PNG, JPEG or WebP file does. The stage that reads it decides."""
    return _BEGINS.match(data) is not None


_BEGINS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF.{4}WEBP", re.DOTALL)
