"""What the body of each call may hold, as a JSON schema: OpenAI's parameters, and our own fields beside them. Pure."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from latentrelay.contracts import Kind, Refinement, TextToImage, Variation
from latentrelay.contracts.refine import Continue
from services.gateway.openai.answers import EVENTS
from services.gateway.openai.asked import LIFTED, NOT_HERE
from services.gateway.openai.models import models_for
from services.gateway.openai.parameters import Parameters, names_of
from services.gateway.schemas import inlined
from services.gateway.sse import MEDIA_TYPE

Schema = dict[str, Any]

FILE: Schema = {"type": "string", "format": "binary", "minLength": 1, "description": "A PNG, JPEG or WebP file."}
EXAMPLE: Schema = {"prompt": "a lighthouse on a cliff at dawn", "response_format": "b64_json"}
_CONTRACTS: Mapping[Kind, type[BaseModel]] = {
    Kind.TEXT_TO_IMAGE: TextToImage,
    Kind.VARIATION: Variation,
    Kind.REFINEMENT: Refinement,
}


@cache
def body_schema(kind: Kind) -> Schema:
    """The fields of a call that makes a job of `kind`, beside the file of a form."""
    contract = inlined(_CONTRACTS[kind].model_json_schema())
    required = [name for name in contract.get("required", ()) if name not in NOT_HERE]
    fields = _own(kind, contract["properties"]) | _theirs(kind)
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


def _own(kind: Kind, known: Schema) -> Schema:
    refine = inlined(Continue.model_json_schema())["properties"]
    lifted = {name: refine[name] for name in LIFTED} if kind is Kind.REFINEMENT else {}
    return {name: schema for name, schema in known.items() if name not in NOT_HERE} | lifted


def _theirs(kind: Kind) -> Schema:
    known = inlined(Parameters.model_json_schema())["properties"]
    found = {name: schema for name, schema in known.items() if name in names_of(kind)}
    narrowed: dict[str, Sequence[Any]] = {"model": models_for(kind)}
    if kind is Kind.REFINEMENT:
        narrowed |= {"n": (1,), "size": ("auto",)}
    return found | {name: _one_of(values, known[name]) for name, values in narrowed.items()}


def _one_of(values: Sequence[Any], schema: Schema) -> Schema:
    something, *null = schema["anyOf"]
    return {**schema, "anyOf": [{"type": something["type"], "enum": list(values)}, *null]}


@cache
def form_schema(kind: Kind) -> Schema:
    """The same of a form, which has no null: what it does not tell is absent."""
    found: Schema = _without_null(body_schema(kind))
    return found


def json_document(kind: Kind) -> Schema:
    """What a route that reads JSON says of its body."""
    return _document("application/json", body_schema(kind), EXAMPLE)


def form_document(kind: Kind) -> Schema:
    """What a route that reads a form says of its body."""
    schema = form_schema(kind)
    with_file = {"properties": {"image": FILE, **schema["properties"]}, "required": ["image", *schema["required"]]}
    return _document("multipart/form-data", schema | with_file)


def events_document(kind: Kind) -> Schema:
    """What a route says of its answer, which may be a stream of events."""
    event = {"type": "string", "enum": [f"{EVENTS[kind]}.partial_image", f"{EVENTS[kind]}.completed", "error"]}
    data = {"type": "string", "contentMediaType": "application/json"}
    schema = {"type": "object", "properties": {"event": event, "data": data}, "required": ["event", "data"]}
    return {"description": "The images, or events in a stream.", "content": {MEDIA_TYPE: {"schema": schema}}}


def _document(media_type: str, schema: Schema, example: Schema | None = None) -> Schema:
    shown = {} if example is None else {"example": example}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema, **shown}}}}


def _without_null(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_null(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "anyOf" in node:  # pydantic's word for something optional
        something = next(choice for choice in node["anyOf"] if choice.get("type") != "null")
        node = {**something, **{name: part for name, part in node.items() if name not in ("anyOf", "default")}}
    return {name: _without_null(part) for name, part in node.items()}
