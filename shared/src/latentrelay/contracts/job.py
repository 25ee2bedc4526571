"""A job as everybody reads it: its record, and what follows from it."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import Field, computed_field

from latentrelay.contracts.artifact import Artifact
from latentrelay.contracts.contract import Told
from latentrelay.contracts.request import Request
from latentrelay.contracts.text_to_image import TextToImage
from latentrelay.contracts.variation import Variation
from latentrelay.contracts.words import ArtifactKind, JobStatus, Kind, Phase, Role, StageName
from latentrelay.errors import ErrorCode, LatentRelayError


class Pointer(Told):
    """One field of the request that is wrong (RFC 6901 pointer)."""

    pointer: str
    detail: str


class Problem(Told):
    """Why a job ended badly: the same object in a job, an HTTP problem and a webhook."""

    code: ErrorCode
    detail: str
    retryable: bool = False
    errors: tuple[Pointer, ...] = ()

    @classmethod
    def of(cls, error: LatentRelayError) -> Self:
        """The problem that `error` tells."""
        pointers = tuple(Pointer(pointer=field.pointer, detail=field.detail) for field in error.problems)
        detail = error.detail.encode("utf-8", "replace").decode()  # a lone surrogate cannot be JSON
        return cls(code=error.code, detail=detail, retryable=error.retryable, errors=pointers)


class Progress(Told):
    """How far the stage at work has come; `steps` counts every image of the job."""

    stage: StageName
    step: int = Field(ge=0)
    steps: int = Field(ge=1)
    preview: int | None = None
    """The step of which a small picture is kept for a while; absent: none is."""


class QueuePlace(Told):
    """How many jobs of this stage go first."""

    position: int = Field(ge=0)
    eta_seconds: float | None = None
    """Until this stage begins, by the rates measured lately; absent where nobody can tell."""


class StageTiming(Told):
    """One finished attempt of one stage; `phases` in seconds."""

    stage: StageName
    attempt: int
    queued_at: datetime
    started_at: datetime
    finished_at: datetime
    phases: dict[Phase, float] = Field(default_factory=dict)

    @property
    def duration(self) -> timedelta:
        """From the claim to the commit."""
        return self.finished_at - self.started_at

    @property
    def waited(self) -> timedelta:
        """From queued to claimed: for a later stage, the handoff."""
        return self.started_at - self.queued_at


class JobMetrics(Told):
    """Where the time of a job went, stage by stage."""

    stages: tuple[StageTiming, ...] = ()


class ImageResult(Told):
    """One image that the job makes or has made."""

    index: int
    role: Role
    ready: bool
    width: int | None = None
    height: int | None = None
    media_type: str
    bytes: int | None = None
    sha256: str | None = None
    seed: int | None = None


class Job(Told):
    """One user request and what became of it."""

    id: str
    kind: Kind
    status: JobStatus
    stage: StageName
    """The stage it waits for, is in, or ended in."""
    sequence: int
    """Grows with every move; an event of a lower sequence is older."""
    attempt: int
    """Of the current stage."""
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancel_requested: bool = False
    """Somebody canceled it; the worker that has it will stop within a step."""
    progress: Progress | None = None
    queue: QueuePlace | None = None
    eta_seconds: float | None = None
    """Until it ends, by the rates measured lately; absent where nobody can tell."""
    error: Problem | None = None
    request: Request
    """What was asked, the seed filled in, a data URI replaced by its upload."""
    inputs: tuple[Artifact, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    metrics: JobMetrics = JobMetrics.model_construct()

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see through computed_field over property
    @property
    def images(self) -> tuple[ImageResult, ...]:
        """Every image this job is to make, and whether it is ready."""
        return tuple(self._image(index, role) for role in self._roles() for index in range(self.count))

    @property
    def count(self) -> int:
        """Final images of the job."""
        return self.request.num_images_per_prompt if isinstance(self.request, TextToImage | Variation) else 1

    def image(self, index: int = 0, role: Role = Role.FINAL) -> Artifact | None:
        """The stored image, or None while it is not ready."""
        return next((made for made in self.made(ArtifactKind.IMAGE) if (made.index, made.role) == (index, role)), None)

    def made(self, kind: ArtifactKind, stage: StageName | None = None) -> tuple[Artifact, ...]:
        """The artifacts of one kind, of one stage where it is given, by index."""
        found = (made for made in self.artifacts if made.kind is kind and stage in (None, made.stage))
        return tuple(sorted(found, key=lambda made: made.index))

    def _roles(self) -> tuple[Role, ...]:
        keeps_base = isinstance(self.request, TextToImage) and self.request.keeps_base
        return (Role.FINAL, Role.BASE) if keeps_base else (Role.FINAL,)

    def _image(self, index: int, role: Role) -> ImageResult:
        made = self.image(index, role)
        media_type = self.request.output.format.media_type
        if made is None:
            return ImageResult(index=index, role=role, ready=False, media_type=media_type)
        told = made.model_dump(include={"width", "height", "bytes", "sha256", "seed"})
        return ImageResult(index=index, role=role, ready=True, media_type=media_type, **told)
