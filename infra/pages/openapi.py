"""docs/openapi.json, from the gateway's routes."""

import json

from pydantic import SecretStr

from latentrelay.settings import Settings
from services.gateway.app import create_app
from services.gateway.document import document
from services.gateway.gateway import Gateway

NOWHERE = Settings(redis_url=SecretStr("redis://localhost"), s3_endpoint="http://localhost")


def openapi_page() -> str:
    """The text of docs/openapi.json."""
    app = create_app(Gateway.connect(NOWHERE, may_be_open=True))  # connects to nothing until it is asked
    return json.dumps(document(app), indent=2, ensure_ascii=False) + "\n"
