"""The document of this API, and a page to read it and to try it out. Nothing of it comes from elsewhere."""

from importlib import resources
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from latentrelay.errors import NotFound
from services.gateway.document import document
from services.gateway.page_headers import headers

router = APIRouter(include_in_schema=False)

OURS = Path(__file__).parents[1] / "docs_page"
SWAGGER = Path(str(resources.files("fastapi_swagger.resources")))
FILES = {
    "start.js": OURS,
    "swagger-ui-bundle.js": SWAGGER,
    "swagger-ui.css": SWAGGER,
    "favicon-32x32.png": SWAGGER,
}
HEADERS = headers(styles="'self' 'unsafe-inline'")  # Swagger UI sets styles of elements


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    """The document."""
    return JSONResponse(_document(request), headers=HEADERS)


@router.get("/docs")
async def docs() -> Response:
    """The page that shows it."""
    return FileResponse(OURS / "index.html", headers=HEADERS)


@router.get("/docs/{name}")
async def file(name: str) -> Response:
    """What the page needs."""
    if name not in FILES:
        raise NotFound
    return FileResponse(FILES[name] / name, headers=HEADERS)


def _document(request: Request) -> dict[str, Any]:
    """Made once: its schemas take a while."""
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = document(request.app)
    found: dict[str, Any] = state.document
    return found
