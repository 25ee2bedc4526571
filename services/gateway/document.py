"""What this API says of itself: the OpenAPI 3.1 document, its webhooks included."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Header
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from latentrelay.contracts import Problem, WebhookEventType
from latentrelay.contracts.webhook_event import WebhookEvent
from services.gateway.schemas import SCHEMAS, request_schemas
from services.gateway.views import JobEventView, JobNewsView
from services.gateway.webhook_bodies import webhook_schemas

DESCRIPTION = """\
Text to images with SDXL, base then refiner, and images to variations with Stable unCLIP, as durable jobs.

`POST /v1/jobs` submits; the job is then shown, followed (`/events`, SSE), canceled and its images fetched under its own
path. Every error is a problem document (RFC 9457) with a closed `code`, every answer has an `X-Request-Id`. Clients of
OpenAI's Images API work with `base_url` set to `/v1`.
"""
TAGS = {
    "jobs": "Submit, follow, cancel and forget jobs; fetch what they made.",
    "uploads": "Images that jobs read.",
    "webhooks": "Who is told what of jobs: register endpoints, see what became of each message, send it again.",
    "openai": "OpenAI's Images API, for clients that know no other. Errors have OpenAI's shape here.",
    "operations": "Who works, what waits, what may be asked.",
    "health": "For those who run the gateway. No key is needed.",
}
EVENT = {"$ref": f"{SCHEMAS}WebhookEvent"}


class HttpProblem(Problem):
    """Why a request was refused (RFC 9457)."""

    type: Literal["about:blank"]
    title: str
    """The phrase of the status."""
    status: int


def operation_id(route: APIRoute) -> str:
    """A short name for a route that clients generated from the document can live with: `jobs_submit`."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The document of `app`."""
    told = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        routes=app.routes,
        webhooks=_webhooks().routes,
    )
    for operation in _operations(told):
        operation["summary"] = _summary(operation)
        if _is_default(operation["responses"].get("422", {})):  # FastAPI's own; ours says 400, and in our words
            del operation["responses"]["422"]
        for parameter in operation.get("parameters", ()):
            _tidy(parameter)
    _add_schemas(told["components"]["schemas"])
    return told


def _operations(told: dict[str, Any]) -> list[dict[str, Any]]:
    paths = [*told["paths"].values(), *told["webhooks"].values()]
    return [operation for path in paths for operation in path.values()]


def _summary(operation: dict[str, Any]) -> str:
    """The first sentence of what an operation is described by: FastAPI would take the function's name."""
    described: str = operation["description"]
    return described.partition("\n")[0].rstrip(".")


def _is_default(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return bool(schema == {"$ref": f"{SCHEMAS}HTTPValidationError"})


def _tidy(parameter: dict[str, Any]) -> None:
    """One that may be left out cannot be null; a header is written as people write it."""
    choices = parameter["schema"].pop("anyOf", [])
    kept = [choice for choice in choices if choice != {"type": "null"}]
    if len(kept) == 1:
        parameter["schema"] |= kept[0]
    elif kept:
        parameter["schema"]["anyOf"] = kept
    if parameter["in"] == "header":
        parameter["name"] = parameter["name"].title()


def _add_schemas(schemas: dict[str, Any]) -> None:
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for model in (HttpProblem, WebhookEvent, JobEventView, JobNewsView):  # which no route takes or returns by itself
        schema = model.model_json_schema(mode="serialization", ref_template=SCHEMAS + "{model}")
        for name, inner in schema.pop("$defs", {}).items():
            schemas.setdefault(name, inner)
        schemas[model.__name__] = schema
    schemas.update(request_schemas())
    schemas.update(webhook_schemas())


def _webhooks() -> APIRouter:
    router = APIRouter()
    for event in WebhookEventType:
        router.add_api_route(
            event,
            _receive,
            methods=["POST"],
            operation_id=event.replace(".", "_"),
            status_code=204,
            responses={410: {"description": "It wants nothing more: the endpoint is disabled."}},
            openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": EVENT}}}},
        )
    return router


def _receive(
    webhook_id: Annotated[str, Header(description="One for each event, the same at every attempt.")],
    webhook_timestamp: Annotated[str, Header(description="Of this attempt, in seconds since 1970.")],
    webhook_signature: Annotated[
        str,
        Header(
            description="`v1,` and the HMAC-SHA256 over `id.timestamp.body`, for every live secret; `v1a,` and the "
            "Ed25519 signature of the same, where the endpoint asks for it. A space between two."
        ),
    ],
) -> None:
    """What receivers are sent, signed as Standard Webhooks 1.0 has it.

    Any 2xx within 15 seconds tells that it arrived; after anything else it is sent again later. 410 disables the
    endpoint.
    """
