"""Turn pydantic's findings into sentences that name the field, its range and what came, and no prompt."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from latentrelay.errors import Contradiction, FieldProblem, InvalidRequest

Schema = Mapping[str, Any]

MOST = 20  # problems that are told: who sends thousands wants no answer


def explain(error: ValidationError, model: type[BaseModel]) -> InvalidRequest:
    """One `InvalidRequest` for all that pydantic found wrong with `model`'s data."""
    schema = model.model_json_schema()
    found = error.errors(include_url=False)
    right_alone = all(one["type"] == "value_error" for one in found)
    kind = Contradiction if right_alone else InvalidRequest
    problems = [_problem(dict(one), schema, model) for one in found[:MOST]]
    if (more := len(found) - MOST) > 0:
        problems.append(FieldProblem("", f"has {more} more problems"))
    return kind(problems)


def _problem(found: Mapping[str, Any], schema: Schema, model: type[BaseModel]) -> FieldProblem:
    path = [str(part) for part in found["loc"]]
    pointer = "".join("/" + _token(part) for part in path)
    return FieldProblem(pointer, _detail(found, _node(path, schema, schema), private=_is_private(path, model)))


def _token(part: str) -> str:
    """A part of a JSON pointer (RFC 6901); an unknown key may be anything, so it is cut short."""
    return part[:40].replace("~", "~0").replace("/", "~1")


def _detail(found: Mapping[str, Any], node: Schema | None, *, private: bool) -> str:
    match found["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a field of this request"
        case "value_error":
            return str(found["ctx"]["error"])
    expected = describe(node) if node else str(found["msg"])
    return f"must be {expected}{_came(found['input'], private=private)}"


def _came(value: object, *, private: bool) -> str:
    if private and isinstance(value, str):
        return f", got {len(value)} characters"
    if private or isinstance(value, (dict, list)):
        return f", got {type(value).__name__}"
    if isinstance(value, int) and value.bit_length() > 128:  # noqa: PLR2004  # Python itself refuses to print the longest
        return f", got an integer of {value.bit_length()} bits"
    return f", got {value!r:.80}"


def describe(node: Schema) -> str:
    """A JSON schema node in words: `an integer from 64 to 2048, a multiple of 8`."""
    if "anyOf" in node:
        return describe(next(choice for choice in node["anyOf"] if choice.get("type") != "null"))
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    if "const" in node:
        return f"{node['const']!r}"
    if "prefixItems" in node:
        return f"{len(node['prefixItems'])} values, each {describe(node['prefixItems'][0])}"
    if node.get("format") == "date-time":
        return "a time with its offset from UTC, like 2030-12-31T23:59:00Z"
    return _NOUN.get(node.get("type", ""), "a value of another type") + _limits(node)


_NOUN = {
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def _limits(node: Schema) -> str:
    texts = [_range(node, "minimum", "maximum", ""), _range(node, "minLength", "maxLength", " characters")]
    texts.append(_range(node, "minItems", "maxItems", " items"))
    texts.append(_range(node, "minProperties", "maxProperties", " entries"))
    if "multipleOf" in node:
        texts.append(f", a multiple of {node['multipleOf']}")
    if "pattern" in node:
        texts.append(f" matching {node['pattern']}")
    return "".join(texts)


def _range(node: Schema, low: str, high: str, unit: str) -> str:
    if low in node and high in node:
        return f" from {node[low]} to {node[high]}{unit}"
    if high in node:
        return f" of at most {node[high]}{unit}"
    return f" of at least {node[low]}{unit}" if low in node else ""


def _node(path: Sequence[str], node: Schema, root: Schema) -> Schema | None:
    """The schema of the field at `path`, through references and optional values."""
    node = resolve(node, root)
    if not path:
        return node
    if path[0] in node.get("properties", {}):
        return _node(path[1:], node["properties"][path[0]], root)
    if "additionalProperties" in node and isinstance(node["additionalProperties"], dict):
        is_key = path[1:] == ["[key]"]
        return resolve(node["propertyNames"] if is_key else node["additionalProperties"], root)
    if path[0].isdigit() and node.get("type") == "array":
        items = node.get("prefixItems", [node.get("items", {})])
        return _node(path[1:], items[min(int(path[0]), len(items) - 1)], root)
    return None


def resolve(node: Schema, root: Schema) -> Schema:
    """What `node` stands for, through references of `root` and optional values."""
    if "anyOf" in node:
        node = next(choice for choice in node["anyOf"] if choice.get("type") != "null")
    if "$ref" in node:
        return resolve(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root)
    return node


def _is_private(path: Sequence[str], model: type[BaseModel]) -> bool:
    """A field declared with `repr=False` holds what must not be repeated: prompts, images, URLs."""
    field = model.model_fields.get(path[0]) if path else None
    if field is None:
        return not path
    nested = _model_of(field)
    if not field.repr or nested is None:
        return not field.repr
    return _is_private(path[1:], nested) if len(path) > 1 else _holds_private(nested)


def _holds_private(model: type[BaseModel]) -> bool:
    """Whether text in the place of this model may be what one of its fields must not repeat."""
    nested = [(_model_of(field), field.repr) for field in model.model_fields.values()]
    return any(not shown or (inner is not None and _holds_private(inner)) for inner, shown in nested)


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    candidates = (field.annotation, *getattr(field.annotation, "__args__", ()))
    return next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
