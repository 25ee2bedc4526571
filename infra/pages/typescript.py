"""docs/latentrelay.d.ts, from the gateway's OpenAPI document: its schemas as types; what each route takes and gives.

It knows the JSON Schema that our models make, no more; what it does not know becomes `unknown`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from infra.pages.openapi import openapi_page

Schema = Mapping[str, Any]

HEAD = (
    "// Generated from docs/openapi.json by `make pages`: the types of Latent Relay's HTTP API. Change nothing here.\n"
)
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"
_MEDIA = {"text": "string", "image": "Blob"}


def typescript_page() -> str:
    """The text of docs/latentrelay.d.ts."""
    return typescript(json.loads(openapi_page()))


def typescript(document: Mapping[str, Any]) -> str:
    """The text of the declarations for an OpenAPI 3.1 `document`."""
    schemas = document.get("components", {}).get("schemas", {})
    declared = [_declaration(name, schema) for name, schema in sorted(schemas.items())]
    return "\n".join([HEAD, *declared, _routes(document["paths"])])


def _declaration(name: str, schema: Schema) -> str:
    comment = _comment(schema.get("description"), "")
    if "properties" in schema:
        return f"{comment}export interface {_name(name)} {_object(schema, '')}\n"
    return f"{comment}export type {_name(name)} = {_type(schema, '')};\n"


def _type(schema: Schema, indent: str) -> str:
    """The type of a schema, in an expression."""
    return next((read(schema, indent) for key, read in _READERS.items() if key in schema), "unknown")


def _typed(schema: Schema, indent: str) -> str:
    match schema["type"]:
        case list(names):
            return _union([_typed({**schema, "type": name}, indent) for name in names])
        case "array":
            return _array(schema, indent)
        case "object":
            return _object(schema, indent)
        case name:
            return _SIMPLE[name]


def _union(types: Sequence[str]) -> str:
    parts = [part for one in types for part in ([one] if "{" in one else one.split(" | "))]
    return " | ".join(dict.fromkeys(parts))


def _array(schema: Schema, indent: str) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(item, indent) for item in schema["prefixItems"]) + "]"
    return f"Array<{_type(schema.get('items', {}), indent)}>"


def _object(schema: Schema, indent: str) -> str:
    if "properties" not in schema:
        return _record(schema, indent)
    inner = indent + "  "
    lines = [line for name in schema["properties"] for line in _field(name, schema, inner)]
    return "\n".join(["{", *lines, indent + "}"])


def _record(schema: Schema, indent: str) -> str:
    values = schema.get("additionalProperties")
    return f"Record<string, {_type(values, indent) if isinstance(values, Mapping) else 'unknown'}>"


def _field(name: str, schema: Schema, indent: str) -> Iterator[str]:
    found = schema["properties"][name]
    optional = "" if name in schema.get("required", ()) else "?"
    yield f"{_comment(found.get('description'), indent)}{indent}{_key(name)}{optional}: {_type(found, indent)};"


def _routes(paths: Mapping[str, Any]) -> str:
    lines = [
        f'  "{method.upper()} {path}": {{ body: {_body(route)}; answer: {_answer(route)} }};'
        for path, routes in paths.items()
        for method, route in routes.items()
        if method in _METHODS
    ]
    comment = "/** What each route takes, and what it gives where it does what was asked. */"
    return "\n".join([comment, "export interface Routes {", *lines, "}\n"])


def _body(route: Schema) -> str:
    content = route.get("requestBody", {}).get("content", {})
    if not content:
        return "null"
    return _type(content[_JSON].get("schema", {}), "  ") if _JSON in content else "BodyInit"


def _answer(route: Schema) -> str:
    given = [answer.get("content", {}) for code, answer in route["responses"].items() if code.startswith("2")]
    return _union([_given(content) for content in given]) or "null"


def _given(content: Schema) -> str:
    if not content:
        return "null"
    return _type(content[_JSON].get("schema", {}), "  ") if _JSON in content else _media(content)


def _media(content: Schema) -> str:
    kinds = {_MEDIA.get(kind.partition("/")[0], "unknown") for kind in content}
    return _union(sorted(kinds))


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    lines = text.replace("*/", "*\\/").strip().split("\n")
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */\n"])


def _name(name: str) -> str:
    """A type's name: `Job-Output` is no identifier."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+|_", name))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name)


_READERS: Mapping[str, Callable[[Schema, str], str]] = {
    "$ref": lambda schema, _: _name(schema["$ref"].rsplit("/", 1)[1]),
    "const": lambda schema, _: json.dumps(schema["const"]),
    "enum": lambda schema, _: " | ".join(map(json.dumps, schema["enum"])),
    "anyOf": lambda schema, indent: _union([_type(choice, indent) for choice in schema["anyOf"]]),
    "oneOf": lambda schema, indent: _union([_type(choice, indent) for choice in schema["oneOf"]]),
    "allOf": lambda schema, indent: " & ".join(_type(part, indent) for part in schema["allOf"]),
    "type": _typed,
}
