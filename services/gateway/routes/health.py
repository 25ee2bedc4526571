"""Liveness, readiness, metrics."""

from fastapi import APIRouter

router = APIRouter(tags=["health"])
