"""Images that come from outside."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
