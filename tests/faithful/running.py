"""Jobs run through the stages without a broker: real pipelines, an in-memory store."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Job,
    JobRequest,
    JobStatus,
    Role,
    StageName,
    TextToImage,
    input_key,
)
from latentrelay.flow import route
from latentrelay.latents import Latents, unpack
from latentrelay.settings import Settings
from latentrelay.stage import Stage
from latentrelay.testing import MemoryReport, MemoryStore
from services.sdxl_base.pipeline import SdxlBasePipeline
from services.sdxl_base.stage import SdxlBaseStage
from services.sdxl_refiner.pipeline import SdxlRefinerPipeline
from services.sdxl_refiner.stage import SdxlRefinerStage
from services.unclip_variation.pipeline import UnclipVariationPipeline
from services.unclip_variation.stage import UnclipVariationStage

PROMPT = "a red fox in the snow"


@dataclass(frozen=True)
class Pipelines:
    """One loaded pipeline for each stage."""

    base: SdxlBasePipeline
    refiner: SdxlRefinerPipeline
    unclip: UnclipVariationPipeline

    def stage(self, name: StageName, settings: Settings) -> Stage:
        stages: dict[StageName, Stage] = {
            StageName.SDXL_BASE: SdxlBaseStage(lambda: self.base, settings),
            StageName.SDXL_REFINER: SdxlRefinerStage(lambda: self.refiner, settings),
            StageName.UNCLIP_VARIATION: UnclipVariationStage(lambda: self.unclip, settings),
        }
        stages[name].setup()
        return stages[name]


@dataclass
class Bench:
    """Runs jobs, and keeps what they made."""

    pipelines: Pipelines
    settings: Settings = field(default_factory=Settings)
    store: MemoryStore = field(default_factory=MemoryStore)
    report: MemoryReport = field(default_factory=MemoryReport)

    def run(self, request: JobRequest, *inputs: Artifact, job_id: str = "job") -> Job:
        """All stages of a job, one after the other; the job as it then is."""
        job = job_of(request, *inputs, job_id=job_id)
        for name in route(request):
            job = self.run_stage(job, name)
        return job

    def run_stage(self, job: Job, name: StageName) -> Job:
        """One stage of a job; the job with the artifacts of that stage."""
        self.report = MemoryReport()
        staged = job.model_copy(update={"stage": name})
        self.pipelines.stage(name, self.settings).run(staged, self.store, self.report)
        return staged.model_copy(update={"artifacts": (*job.artifacts, *self.report.artifacts)})

    def picture(self, job: Job, index: int = 0, role: Role = Role.FINAL) -> np.ndarray:
        """A picture that the job made."""
        artifact = job.image(index, role)
        assert artifact is not None
        return np.asarray(Image.open(BytesIO(self.store.get(artifact))))

    def latents(self, job: Job, index: int = 0) -> Latents:
        """The latents that the base left."""
        return unpack(self.store.get(job.made(ArtifactKind.LATENTS)[index]))

    def upload(self, picture: np.ndarray) -> Artifact:
        """A picture as the input of a job."""
        buffer = BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        return self.put(buffer.getvalue())

    def put(self, data: bytes) -> Artifact:
        """Any bytes as the input of a job."""
        artifact = Artifact(
            kind=ArtifactKind.INPUT,
            key=input_key(sha256(data).hexdigest()[:32]),
            sha256=sha256(data).hexdigest(),
            bytes=len(data),
            media_type="image/png",
        )
        self.store.put(artifact, data)
        return artifact


@dataclass(frozen=True)
class Case:
    """One stage at work on one job."""

    stage: StageName
    request: JobRequest

    def job(self, bench: Bench) -> Job:
        """The job, ready for the stage; its input is a picture, if it has one."""
        job = job_of(self.request, bench.upload(photo()))
        for name in route(self.request)[: route(self.request).index(self.stage)]:
            job = bench.run_stage(job, name)
        return job.model_copy(update={"stage": self.stage})


def job_of(request: JobRequest, *inputs: Artifact, job_id: str = "job") -> Job:
    """A job in its first stage."""
    return Job(
        id=job_id,
        kind=request.kind,  # type: ignore[attr-defined]  # every kind of request has it
        status=JobStatus.RUNNING,
        stage=route(request)[0],
        sequence=1,
        attempt=1,
        created_at=datetime.now(UTC),
        request=request.with_seed(),
        inputs=inputs,
    )


def text_to_image(**fields: Any) -> TextToImage:
    """A small relay: 5 steps."""
    return TextToImage(**{"prompt": PROMPT, "seed": 7, "num_inference_steps": 5} | fields)


def photo(width: int = 128, height: int = 128) -> np.ndarray:
    """A picture with structure: (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 // width, y * 255 // height, (x * y // 7) % 256)
    return np.stack(channels, axis=-1).astype(np.uint8)


def relative_l2(one: np.ndarray, other: np.ndarray) -> float:
    """How far `one` is from `other`."""
    return float(np.linalg.norm(one.astype(np.float64) - other) / np.linalg.norm(other.astype(np.float64)))
