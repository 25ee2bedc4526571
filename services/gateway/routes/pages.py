"""What people see: the dashboard at /, the playground beside it, and the files that both are made of."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from latentrelay.errors import NotFound
from services.gateway.page_headers import headers

router = APIRouter(include_in_schema=False)

GATEWAY = Path(__file__).parents[1]
FOLDERS = ("kit", "dashboard", "playground")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # whatever the machine calls them
FILES = {
    path.relative_to(GATEWAY).as_posix(): path
    for folder in FOLDERS
    for path in (GATEWAY / folder).rglob("*")
    if path.suffix in TYPES
}
PLAIN = ("require-trusted-types-for 'script'", "trusted-types 'none'")  # no text of theirs becomes markup
HEADERS = headers(*PLAIN) | {"Cache-Control": "no-cache"}  # the browser asks whether its copy is the one served


@router.get("/")
async def dashboard(request: Request) -> Response:
    """The page of those who run this."""
    return _answer(request, GATEWAY / "dashboard" / "index.html", "text/html")


@router.get("/playground")
async def playground(request: Request) -> Response:
    """The page of everybody else."""
    return _answer(request, GATEWAY / "playground" / "index.html", "text/html")


def _files(folder: str) -> Callable[..., Awaitable[Response]]:
    """The route of what a page needs from `folder`, and of no other file."""

    async def file(request: Request, path: str) -> Response:
        found = FILES.get(f"{folder}/{path}")
        if found is None:
            raise NotFound
        return _answer(request, found, TYPES[found.suffix])

    return file


def _answer(request: Request, path: Path, media_type: str) -> Response:
    """The file, or that the browser's copy is the same."""
    answer = FileResponse(path, headers=HEADERS, media_type=media_type, stat_result=path.stat())
    if answer.headers["ETag"] in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=HEADERS | {"ETag": answer.headers["ETag"]})
    return answer


for _folder in FOLDERS:
    router.add_api_route(f"/{_folder}/{{path:path}}", _files(_folder), name=_folder)
