"""What requests about webhooks bring, and its schemas for the document."""

from typing import Any

from pydantic import BaseModel

from latentrelay.contracts import Contract, NewWebhookEndpoint, WebhookEndpointChange
from latentrelay.contracts.contract import Moment
from services.gateway.schemas import SCHEMAS, inlined


class WebhookRecovery(Contract):
    """A period whose messages are sent again where they did not arrive."""

    since: Moment
    """It begins then."""
    until: Moment | None = None
    """It ends then; absent: now."""


EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    NewWebhookEndpoint: {"url": "https://example.com/hooks", "events": ["succeeded", "failed"], "description": "shop"},
    WebhookEndpointChange: {"description": "the new shop", "max_per_second": 20},
    WebhookRecovery: {"since": "2030-12-31T00:00:00Z"},
}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What the document says of a body that is a `model`."""
    content = {"schema": {"$ref": SCHEMAS + model.__name__}, "example": EXAMPLES[model]}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def webhook_schemas() -> dict[str, Any]:
    """The schemas that `body_of` refers to, by name. What has a default may be left out."""
    return {model.__name__: inlined(model.model_json_schema()) for model in EXAMPLES}
