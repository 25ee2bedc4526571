"""What a browser sees: the document of this API, to read and to try."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
