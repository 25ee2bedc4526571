"""The fields of a request as options of their names, read off its contract. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from latentrelay.contracts import ImageSource, JobImage
from latentrelay.contracts.explain import Schema, describe, resolve
from latentrelay.contracts.job_request import JobRequest


class Shape(StrEnum):
    """How the words of an option become a value."""

    PLAIN = "plain"
    FLAG = "flag"
    PAIR = "pair"
    LIST = "list"
    ENTRIES = "entries"
    JOB_IMAGE = "job_image"


_SHAPES = {
    "prefixItems": Shape.PAIR,
    "items": Shape.LIST,
    "properties": Shape.JOB_IMAGE,
    "additionalProperties": Shape.ENTRIES,
}
_WHOLE = {ImageSource.__name__, JobImage.__name__}  # models that one word on the command line stands for


@dataclass(frozen=True)
class FieldOption:
    """One field of a request: where it lies in the request, and what its contract says of it."""

    path: tuple[str, ...]
    schema: Schema
    description: str
    default: Any
    required: bool = False

    @property
    def flag(self) -> str:
        """Nested names joined by dashes: `--refine-switch-at`."""
        return "--" + "-".join(self.path).replace("_", "-")

    @property
    def key(self) -> str:
        """The name of the parameter that click fills."""
        return "__".join(self.path)

    @property
    def shape(self) -> Shape:
        """How its words become a value."""
        found = (shape for key, shape in _SHAPES.items() if self.schema.get(key))
        return Shape.FLAG if self.schema.get("type") == "boolean" else next(found, Shape.PLAIN)

    @property
    def help(self) -> str:
        """The field's docstring, its range and its default."""
        default = "" if self.default in (None, {}, "") else f"; default: {_told(self.default)}"
        required = " Required." if self.required else ""
        return f"{self.description}{required} [{_range(self)}{default}]"


@cache
def field_options(model: type[JobRequest]) -> tuple[FieldOption, ...]:
    """Every field of `model`, its own before those that all jobs share; `kind` is the command itself."""
    root = model.model_json_schema()
    found = [option for option in _walk(root, root, ()) if "const" not in option.schema]
    return tuple(sorted(found, key=lambda option: option.path[0] in JobRequest.model_fields))


def _walk(node: Schema, root: Schema, path: tuple[str, ...]) -> Iterator[FieldOption]:
    for name, declared in node["properties"].items():
        schema = resolve(declared, root)
        here = (*path, name)
        if "properties" in schema and schema["title"] not in _WHOLE:
            yield from _walk(schema, root, here)
        else:
            required = name in node.get("required", ())
            yield FieldOption(here, schema, declared.get("description", ""), declared.get("default"), required)


def _range(option: FieldOption) -> str:
    match option.shape:
        case Shape.LIST:
            return f"any of {', '.join(option.schema['items']['enum'])}; repeat it or join by commas"
        case Shape.ENTRIES:
            return "KEY=VALUE; repeat it"
        case Shape.JOB_IMAGE:
            return "JOB or JOB:INDEX"
        case _:
            return describe(option.schema)


def _told(default: object) -> str:
    if isinstance(default, list):
        return ("x" if isinstance(default[0], int) else ",").join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


def nest(values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """The request that `values` by path make: `{("refine", "mode"): "none"}` is `{"refine": {"mode": "none"}}`."""
    request: dict[str, Any] = {}
    for (*parents, name), value in values.items():
        inner = request
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = value
    return request
