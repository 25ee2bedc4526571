"""Queues, workers, capabilities."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1", tags=["operations"])
