"""What is sent: an event as JSON, made of a record as it stood when it happened. Pure."""

from collections.abc import Iterator
from datetime import datetime

from latentrelay.contracts import Job, JobStatus, Kind, Role, WebhookEventType
from latentrelay.contracts.webhook_event import WebhookData, WebhookEvent, WebhookOutput

MOST_BYTES = 20_000
DETAIL = 2000  # characters of an error


def body_of(job: Job, event: WebhookEventType, at: datetime) -> bytes:
    """The bytes that are signed and sent, at most 20 kB: metadata that makes them more is left out."""
    told = WebhookEvent(type=event, timestamp=at, data=_data(job, event))
    body = _bytes(told)
    if len(body) <= MOST_BYTES:
        return body
    return _bytes(told.model_copy(update={"data": told.data.model_copy(update={"metadata": {}})}))


def trial_body(at: datetime) -> bytes:
    """What an endpoint is tested with: an event of no job."""
    data = WebhookData(
        job_id="test", kind=Kind.TEXT_TO_IMAGE, status=JobStatus.SUCCEEDED, sequence=0, created_at=at, completed_at=at
    )
    return _bytes(WebhookEvent(type=WebhookEventType.TEST, timestamp=at, data=data))


def _bytes(event: WebhookEvent) -> bytes:
    return event.model_dump_json(exclude_none=True).encode()


def _data(job: Job, event: WebhookEventType) -> WebhookData:
    error = job.error
    if error is not None and len(error.detail) > DETAIL:
        error = error.model_copy(update={"detail": error.detail[:DETAIL]})
    return WebhookData(
        job_id=job.id,
        kind=job.kind,
        status=job.status,
        sequence=job.sequence,
        client_reference=job.request.client_reference,
        metadata=job.request.metadata,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        progress=job.progress if event is WebhookEventType.PROGRESS else None,
        error=error,
        outputs=tuple(_outputs(job)),
        metrics=job.metrics,
    )


def _outputs(job: Job) -> Iterator[WebhookOutput]:
    for image in job.images:
        if image.role is Role.FINAL and image.ready:
            href = f"/v1/jobs/{job.id}/images/{image.index}"
            told = image.model_dump(include={"index", "media_type", "width", "height", "bytes", "sha256"})
            yield WebhookOutput(**told, href=href)
