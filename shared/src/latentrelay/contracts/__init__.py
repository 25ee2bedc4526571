"""What travels between processes: frozen models, JSON on the wire."""

from latentrelay.contracts.api_key import ApiKey, Quotas, Scope
from latentrelay.contracts.artifact import Artifact, image_key, input_key, latents_key
from latentrelay.contracts.contract import MAX_DATA_URI, MAX_PIXELS, SEEDS, Contract, Told
from latentrelay.contracts.dead_letter import DeadKind, DeadLetter
from latentrelay.contracts.estimate import Estimate, StageEstimate
from latentrelay.contracts.hint import Hint, task_name
from latentrelay.contracts.job import (
    ImageResult,
    Job,
    JobMetrics,
    Pointer,
    Problem,
    Progress,
    QueuePlace,
    StageTiming,
)
from latentrelay.contracts.job_page import JobPage
from latentrelay.contracts.job_request import JobRequest, WebhookTarget
from latentrelay.contracts.output import Output, RelayOutput
from latentrelay.contracts.overview import EndedJobs, FailureCount, LiveJobs, Overview
from latentrelay.contracts.refine import Continue, Refine
from latentrelay.contracts.refinement import Refinement
from latentrelay.contracts.request import Request, check_submission, parse_request
from latentrelay.contracts.source import ImageSource, JobImage
from latentrelay.contracts.stage_info import RecentWork, Spread, StageInfo, StageMinute, StageState
from latentrelay.contracts.text_to_image import TextToImage
from latentrelay.contracts.timeline import AttemptOutcome, PhaseSeconds, Span, SpanName, StageAttempt, Timeline
from latentrelay.contracts.variation import Variation
from latentrelay.contracts.webhooks import (
    Circuit,
    DisabledReason,
    EndpointStatus,
    MessageStatus,
    NewWebhookEndpoint,
    Outcome,
    WebhookAttempt,
    WebhookBacklog,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointSecret,
    WebhookMessage,
    WebhookMessagePage,
)
from latentrelay.contracts.words import (
    ArtifactKind,
    ImageFormat,
    JobStatus,
    Kind,
    Phase,
    Priority,
    RefineMode,
    Role,
    Scheduler,
    StageName,
    WebhookEventType,
)
from latentrelay.contracts.worker import QueueInfo, WorkerInfo, WorkerState

__all__ = [
    "MAX_DATA_URI",
    "MAX_PIXELS",
    "SEEDS",
    "ApiKey",
    "Artifact",
    "ArtifactKind",
    "AttemptOutcome",
    "Circuit",
    "Continue",
    "Contract",
    "DeadKind",
    "DeadLetter",
    "DisabledReason",
    "EndedJobs",
    "EndpointStatus",
    "Estimate",
    "FailureCount",
    "Hint",
    "ImageFormat",
    "ImageResult",
    "ImageSource",
    "Job",
    "JobImage",
    "JobMetrics",
    "JobPage",
    "JobRequest",
    "JobStatus",
    "Kind",
    "LiveJobs",
    "MessageStatus",
    "NewWebhookEndpoint",
    "Outcome",
    "Output",
    "Overview",
    "Phase",
    "PhaseSeconds",
    "Pointer",
    "Priority",
    "Problem",
    "Progress",
    "QueueInfo",
    "QueuePlace",
    "Quotas",
    "RecentWork",
    "Refine",
    "RefineMode",
    "Refinement",
    "RelayOutput",
    "Request",
    "Role",
    "Scheduler",
    "Scope",
    "Span",
    "SpanName",
    "Spread",
    "StageAttempt",
    "StageEstimate",
    "StageInfo",
    "StageMinute",
    "StageName",
    "StageState",
    "StageTiming",
    "TextToImage",
    "Timeline",
    "Told",
    "Variation",
    "WebhookAttempt",
    "WebhookBacklog",
    "WebhookEndpoint",
    "WebhookEndpointChange",
    "WebhookEndpointSecret",
    "WebhookEventType",
    "WebhookMessage",
    "WebhookMessagePage",
    "WebhookTarget",
    "WorkerInfo",
    "WorkerState",
    "check_submission",
    "image_key",
    "input_key",
    "latents_key",
    "parse_request",
    "task_name",
]
