"""A job's events, live (SSE)."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
