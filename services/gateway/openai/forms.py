"""Forms: one file, and fields whose values are text. What they mean is read off the schema of the call."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastapi import Request
from starlette.datastructures import UploadFile

from latentrelay.errors import InvalidRequest
from services.gateway.body import parse_object
from services.gateway.openai.schema import Schema

MAX_FILES = 17  # OpenAI's edits take 16 images and a mask: so many are read, to be refused by name
MAX_FIELDS = 200
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]+\]){0,4})(?:\[\])?")


@dataclass(frozen=True)
class Form:
    """What a form brought."""

    file: BinaryIO
    """On disk, where it is large; open as long as the request is read."""
    fields: Mapping[str, Any]


@asynccontextmanager
async def form_of(request: Request, schema: Schema) -> AsyncIterator[Form]:
    """The form that a request brings.

    Raises:
        InvalidRequest: it brings none, or not exactly one file, the image.
    """
    if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        raise InvalidRequest("The body must be a form, with Content-Type: multipart/form-data.")
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS) as form:
        pairs = form.multi_items()
        files = [(name, value) for name, value in pairs if isinstance(value, UploadFile)]
        texts = [(name, value) for name, value in pairs if isinstance(value, str)]
        yield Form(the_image(files).file, fields_of(texts, schema))


def the_image(files: Iterable[tuple[str, UploadFile]]) -> UploadFile:
    """The one file of a form, named `image`.

    Raises:
        InvalidRequest: there is another, or more than one, or none.
    """
    images = []
    for name, file in files:
        if name == "mask":
            raise InvalidRequest.at("mask", "cannot be kept to: the whole image is drawn again; leave it out")
        if name not in ("image", "image[]"):
            raise InvalidRequest.at(name[:40], "is not a file of this request")
        images.append(file)
    if len(images) != 1:
        raise InvalidRequest.at("image", f"must be one image file, got {len(images)}")
    return images[0]


def fields_of(texts: Iterable[tuple[str, str]], schema: Schema) -> dict[str, Any]:
    """The fields that `texts` tell: `refine[strength]` is one of an object; what is told twice is a list, as `[]` says.

    Raises:
        InvalidRequest: one is told as a whole and in parts.
    """
    told: dict[str, Any] = {}
    for name, values in _grouped(texts).items():
        _put(told, name, values)
    return {name: meant(value, schema["properties"].get(name, {})) for name, value in told.items()}


def _grouped(texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, text in texts:
        found.setdefault(name, []).append(text)
    return found


def _put(told: dict[str, Any], name: str, values: list[str]) -> None:
    *parents, last = _path(name)
    for parent in parents:
        told = told.setdefault(parent, {}) if isinstance(told, dict) else told
    if not isinstance(told, dict) or last in told:
        raise InvalidRequest.at(name.partition("[")[0][:40], "is told twice")
    told[last] = values if len(values) > 1 or name.endswith("[]") else values[0]


def _path(name: str) -> list[str]:
    """`refine[strength]` is strength in refine; what does not read like that is a name as it stands."""
    found = _NAME.fullmatch(name)
    return [found[1], *re.findall(r"[^\[\]]+", found[2])] if found else [name]


def meant(value: Any, schema: Schema) -> Any:
    """What text stands for where the schema wants something else; where it stands for nothing, it stays text."""
    if isinstance(value, dict):
        others = schema.get("additionalProperties") or {}
        return {name: meant(inner, schema.get("properties", {}).get(name, others)) for name, inner in value.items()}
    if isinstance(value, list):
        items = schema.get("prefixItems") or [schema.get("items", {})]
        return [meant(inner, items[min(index, len(items) - 1)]) for index, inner in enumerate(value)]
    if schema.get("type", "string") == "string":
        return value
    found = _parsed(value)
    return meant([value], schema) if schema["type"] == "array" and found == value else found


def _parsed(text: str) -> Any:
    try:
        found = parse_object(b'{"": %s}' % text.encode("utf-8", "surrogatepass"))
    except InvalidRequest:
        return text
    return found[""] if len(found) == 1 else text
