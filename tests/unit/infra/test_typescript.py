"""The TypeScript declarations: made of the document, and TypeScript."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from infra.pages.typescript import typescript

PAGE = Path(__file__).parents[3] / "docs" / "latentrelay.d.ts"
BUILT_IN = {"Array", "Record", "Blob", "BodyInit"}


def parsed(text: str) -> Node:
    return Parser(Language(tree_sitter_typescript.language_typescript())).parse(text.encode()).root_node


def names(node: Node) -> Iterator[str]:
    """Every name of a type under `node`."""
    if node.type == "type_identifier" and node.text is not None:
        yield node.text.decode()
    for child in node.children:
        yield from names(child)


def declared(root: Node) -> Iterator[str]:
    for statement in root.named_children:
        for declaration in statement.named_children if statement.type == "export_statement" else ():
            name = declaration.child_by_field_name("name")
            if name is not None and name.text is not None:
                yield name.text.decode()


def test_the_page_is_typescript_and_declares_all_that_it_names() -> None:
    root = parsed(PAGE.read_text(encoding="utf-8"))
    assert not root.has_error
    found = list(declared(root))
    assert len(found) == len(set(found))
    assert set(names(root)) - BUILT_IN == set(found)
    assert {"JobView", "JobRequest", "JobEventView", "HttpProblem", "WebhookEvent", "Routes"} <= set(found)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "date-time"}, "string"),
        ({"type": "integer", "minimum": 0}, "number"),
        ({"enum": ["a", "b"], "type": "string"}, '"a" | "b"'),
        ({"const": "a", "type": "string"}, '"a"'),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"oneOf": [{"$ref": "#/components/schemas/A-Input"}, {"$ref": "#/x/B"}]}, "AInput | B"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, 'Array<"a" | "b">'),
        ({"type": "array", "prefixItems": [{"type": "number"}] * 2}, "[number, number]"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({}, "unknown"),
    ],
)
def test_a_schema_becomes_its_type(schema: dict[str, Any], expected: str) -> None:
    text = typescript({"paths": {}, "components": {"schemas": {"x": schema}}})
    assert f"export type X = {expected};" in text
    assert not parsed(text).has_error


def test_an_object_tells_what_is_required_and_what_each_field_is() -> None:
    properties = {"a": {"type": "string", "description": "Why */ so."}, "b-c": {"type": "object", "properties": {}}}
    schema = {"type": "object", "properties": properties, "required": ["a"], "description": "Two\nlines."}
    text = typescript({"paths": {}, "components": {"schemas": {"made_up": schema}}})
    assert "/**\n * Two\n * lines.\n */\nexport interface MadeUp {" in text
    assert '  /** Why *\\/ so. */\n  a: string;\n  "b-c"?: {' in text
    assert not parsed(text).has_error


def test_a_route_tells_what_it_takes_and_gives() -> None:
    json_of = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    route = {"requestBody": {"content": json_of}, "responses": {"200": {"content": json_of}, "204": {}, "404": {}}}
    picture = {"responses": {"200": {"content": {"image/png": {}, "image/jpeg": {}}}}}
    text = typescript({"paths": {"/x/{id}": {"post": route, "get": picture, "parameters": []}}})
    assert '"POST /x/{id}": { body: A; answer: A | null };' in text
    assert '"GET /x/{id}": { body: null; answer: Blob };' in text
