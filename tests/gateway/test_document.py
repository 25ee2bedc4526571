"""The OpenAPI document, and the page that shows it."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from infra.pages.openapi import openapi_page
from latentrelay.contracts import JobStatus, Kind, parse_request
from latentrelay.contracts.webhook_event import WebhookData, WebhookEvent, WebhookEventType

METHODS = {"get", "post", "put", "patch", "delete"}
PUBLIC = {"/livez", "/readyz", "/metrics", "/metrics/targets", "/v1/files/{token}"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(openapi_page())
    return told


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method]


def references(node: Any) -> Iterator[str]:
    """Every $ref below `node`."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A schema of the document that stands alone."""
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def test_the_gateway_serves_the_very_document_that_is_committed(http: httpx2.Client, document: dict[str, Any]) -> None:
    answer = http.get("/openapi.json")
    assert answer.json() == document
    assert document["openapi"] == "3.1.0"


def test_every_reference_of_the_document_leads_to_a_schema_that_is_there(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    for name in document["components"]["schemas"]:
        jsonschema_rs.Draft202012Validator(schema_of(document, name))


def test_every_operation_has_a_name_of_its_own_a_known_tag_and_a_text(document: dict[str, Any]) -> None:
    told = [operation for _, _, operation in operations(document)]
    assert max(Counter(operation["operationId"] for operation in told).values()) == 1
    tags = {tag["name"] for tag in document["tags"]}
    assert all(set(operation["tags"]) <= tags and operation["description"] for operation in told)


def test_every_operation_but_health_and_signed_links_needs_a_key_and_tells_its_problems(
    document: dict[str, Any],
) -> None:
    for path, method, operation in operations(document):
        if path in PUBLIC:
            assert "security" not in operation
            continue
        assert operation["security"] == [{"HTTPBearer": []}], (method, path)
        assert {"400", "401", "403", "429", "503"} <= set(operation["responses"]), (method, path)
        assert "HTTPValidationError" not in json.dumps(operation)


def test_no_parameter_may_be_null(document: dict[str, Any]) -> None:
    told = [one for _, _, operation in operations(document) for one in operation.get("parameters", ())]
    assert told
    assert [one["name"] for one in told if {"type": "null"} in one["schema"].get("anyOf", ())] == []


def test_the_examples_of_the_document_are_requests_one_of_each_kind(document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    examples = [example["value"] for example in content["examples"].values()]
    assert {parse_request(example).kind for example in examples} == set(Kind)
    validator = jsonschema_rs.Draft202012Validator(schema_of(document, "JobRequest"))
    for example in examples:
        validator.validate(example)


def test_problems_are_as_the_document_says(http: httpx2.Client, document: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema_of(document, "HttpProblem"))
    answers = [
        http.get("/v1/jobs/nowhere"),
        http.post("/v1/jobs", json={"kind": "text_to_image"}),
        http.put("/v1/jobs"),
    ]
    assert [answer.status_code for answer in answers] == [404, 400, 405]
    for answer in answers:
        validator.validate(answer.json())


def test_each_event_is_a_webhook_whose_body_is_the_contracts(document: dict[str, Any]) -> None:
    assert set(document["webhooks"]) == set(WebhookEventType)
    started = document["webhooks"]["job.started"]["post"]
    names = {parameter["name"].lower() for parameter in started["parameters"]}
    assert names == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    now = datetime.now(UTC)
    data = WebhookData(job_id="a", kind=Kind.VARIATION, status=JobStatus.SUCCEEDED, sequence=3, created_at=now)
    event = WebhookEvent(type=WebhookEventType.SUCCEEDED, timestamp=now, data=data)
    validator = jsonschema_rs.Draft202012Validator(schema_of(document, "WebhookEvent"))
    validator.validate(event.model_dump(mode="json"))
    assert not validator.is_valid(event.model_dump(mode="json") | {"type": "job.sold"})


def test_the_docs_page_shows_the_document_with_scripts_of_its_own_alone(http: httpx2.Client) -> None:
    page = http.get("/docs")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "http" not in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js", "favicon-32x32.png"):
        assert http.get(f"/docs/{name}").status_code == 200
    assert http.get("/docs/index.html").status_code == 404
    assert http.get("/docs/..%2Fapp.py").status_code == 404
