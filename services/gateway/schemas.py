"""What the body of `POST /v1/jobs` may hold, for the document: a schema for each kind of job, told apart by `kind`."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from latentrelay.contracts import Kind, Refinement, TextToImage, Variation

SCHEMAS = "#/components/schemas/"
NAMED: dict[Kind, tuple[str, type[BaseModel]]] = {
    Kind.TEXT_TO_IMAGE: ("TextToImageRequest", TextToImage),
    Kind.VARIATION: ("VariationRequest", Variation),
    Kind.REFINEMENT: ("RefinementRequest", Refinement),
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "text to image": {"kind": "text_to_image", "prompt": "a lighthouse on a cliff at dawn, oil on canvas", "seed": 7},
    "variation": {"kind": "variation", "image": {"upload_id": "0f8fad5bd9cb469fa16570867728950e"}, "noise_level": 100},
    "refinement": {"kind": "refinement", "image": {"url": "https://example.com/a.png"}, "prompt": "crisp detail"},
}
JOB_CONTENT = {
    "schema": {"$ref": f"{SCHEMAS}JobRequest"},
    "examples": {name: {"value": value} for name, value in EXAMPLES.items()},
}
JOB_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": JOB_CONTENT}}}


def request_schemas() -> dict[str, Any]:
    """The schemas that `JOB_BODY` refers to, by name. What has a default may be left out here; a job tells all."""
    schemas = {name: _read(model.model_json_schema(), kind) for kind, (name, model) in NAMED.items()}
    places = {kind.value: SCHEMAS + name for kind, (name, _) in NAMED.items()}
    choice = {
        "oneOf": [{"$ref": place} for place in places.values()],
        "discriminator": {"propertyName": "kind", "mapping": places},
    }
    return {**schemas, "JobRequest": choice}


def _read(schema: dict[str, Any], kind: Kind) -> dict[str, Any]:
    told = inlined(schema)
    told["properties"]["kind"] = {"type": "string", "const": kind.value, "description": "What is asked for."}
    return told | {"required": ["kind", *told.get("required", ())]}


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` without references: each in its place."""
    named = schema.get("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(part) for part in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolved({**named[node["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in node.items() if k != "$ref"}})
        return {name: resolved(part) for name, part in node.items() if name != "$defs"}

    return dict(resolved(schema))
