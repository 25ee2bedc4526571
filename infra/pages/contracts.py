"""docs/contracts.md, from the models that producers fill in."""

import json
from collections.abc import Iterator, Mapping
from enum import Enum

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from latentrelay.contracts import (
    Continue,
    ImageSource,
    JobImage,
    JobRequest,
    NewWebhookEndpoint,
    Output,
    Refine,
    Refinement,
    RelayOutput,
    TextToImage,
    Variation,
    WebhookTarget,
)
from latentrelay.contracts.explain import describe, resolve
from latentrelay.errors import ErrorCode
from latentrelay.events import EventType

INTRODUCTION = """# Contracts

Generated from the code by `make pages`: what producers may ask, and what they may rely on. Unknown fields are refused;
an error names every field that is wrong, its range and what came, and repeats no prompt. On the command line the fields
of nested objects are joined by dashes: `refine.switch_at` is `--refine-switch-at`.
"""

STATES = """## States

`queued -> running -> succeeded | failed | canceled | expired`, and `running -> queued` after a lost or failed attempt,
at most three for each stage. Terminal states never change. `sequence` grows with every move.
"""


def contracts_page() -> str:
    """The text of docs/contracts.md."""
    blocks = [INTRODUCTION, _table("On every job", JobRequest, inherited=True)]
    blocks += [_table(f"{model.__name__} (`{_kind(model)}`)", model) for model in (TextToImage, Variation, Refinement)]
    blocks += [_table(title, model) for title, model in _NESTED.items()]
    blocks += [STATES, f"Events: {_names(EventType)}.\n", f"## Error codes\n\n{_names(ErrorCode)}.\n"]
    return "\n".join(blocks)


_NESTED: Mapping[str, type[BaseModel]] = {
    "refine, of a text_to_image": Refine,
    "refine, of a refinement": Continue,
    "output, of a text_to_image": RelayOutput,
    "output": Output,
    "image": ImageSource,
    "image.job, latents": JobImage,
    "webhook": WebhookTarget,
    "webhook endpoint": NewWebhookEndpoint,
}


def _table(title: str, model: type[BaseModel], *, inherited: bool = False) -> str:
    lines = [f"## {title}", "", f"{model.__doc__}", "", "| field | range | default | |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *_rows(model, inherited=inherited)]) + "\n"


def _rows(model: type[BaseModel], *, inherited: bool) -> Iterator[str]:
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        if name == "kind" or (name in JobRequest.model_fields and not inherited):
            continue
        node = resolve(schema["properties"][name], schema)
        yield f"| {name} | {describe(node)} | {_default(field)} | {field.description or ''} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    match field.default:
        case None:
            return "absent"
        case Enum(value=word):
            return str(word)
        case tuple(values):
            return ", ".join(map(str, values))
        case str() | bool() | int() | float() as value:
            return json.dumps(value)
    return "its own defaults"


def _kind(model: type[BaseModel]) -> str:
    return str(model.model_fields["kind"].default.value)


def _names(words: type[Enum]) -> str:
    return ", ".join(f"`{word.value}`" for word in words)
