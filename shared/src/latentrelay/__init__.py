"""Latent Relay: text to images with SDXL, base then refiner, and images to variations with Stable unCLIP.

Importing this package loads the contracts alone: no celery, redis or minio. `latentrelay.client.Client` asks.
"""

from latentrelay.contracts import (
    Artifact,
    Continue,
    ImageFormat,
    ImageSource,
    Job,
    JobImage,
    JobStatus,
    Kind,
    Output,
    Priority,
    Problem,
    Refine,
    Refinement,
    RefineMode,
    RelayOutput,
    Role,
    Scheduler,
    StageName,
    TextToImage,
    Variation,
    parse_request,
)
from latentrelay.errors import (
    Canceled,
    InvalidRequest,
    LatentRelayError,
    NotFound,
    PermanentError,
    RetryableError,
)
from latentrelay.events import EventType, JobEvent

__all__ = [
    "Artifact",
    "Canceled",
    "Continue",
    "EventType",
    "ImageFormat",
    "ImageSource",
    "InvalidRequest",
    "Job",
    "JobEvent",
    "JobImage",
    "JobStatus",
    "Kind",
    "LatentRelayError",
    "NotFound",
    "Output",
    "PermanentError",
    "Priority",
    "Problem",
    "Refine",
    "RefineMode",
    "Refinement",
    "RelayOutput",
    "RetryableError",
    "Role",
    "Scheduler",
    "StageName",
    "TextToImage",
    "Variation",
    "parse_request",
]
