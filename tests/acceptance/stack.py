"""Stage workers on small models, and what a test asks of them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from latentrelay import Job, JobStatus, Role, StageName
from latentrelay.client import Client
from latentrelay.contracts import JobRequest
from latentrelay.settings import Settings
from tests.processes import START_SECONDS, Worker, WorkerProcesses


@dataclass(frozen=True)
class Stack:
    """A client, and the workers that do what it asks."""

    settings: Settings
    processes: WorkerProcesses
    client: Client
    models: Path

    def start(self, stage: StageName) -> Worker:
        """The real worker of a stage, on the CPU in float32; small models are fastest on one thread."""
        environment = {
            "LATENTRELAY_SDXL_BASE_MODEL": str(self.models / "sdxl_base"),
            "LATENTRELAY_SDXL_REFINER_MODEL": str(self.models / "sdxl_refiner"),
            "LATENTRELAY_UNCLIP_MODEL": str(self.models / "unclip"),
            "LATENTRELAY_DEVICE": "cpu",
            "LATENTRELAY_DTYPE": "float32",
            "LATENTRELAY_TORCH_THREADS": "1",
        }
        return self.processes.start(f"services.{stage}.worker", stage, **environment)

    def ended(self, request: JobRequest) -> Job:
        """The job of `request`, when it has ended."""
        return self.client.wait(self.client.submit(request).id, timeout=START_SECONDS)

    def succeeded(self, request: JobRequest) -> Job:
        """The job of `request`, which must succeed."""
        (job,) = self.all_succeeded([request])
        return job

    def all_succeeded(self, requests: Sequence[JobRequest]) -> list[Job]:
        """The jobs of all `requests`, submitted at once, each of which must succeed."""
        ids = [self.client.submit(request).id for request in requests]
        jobs = [self.client.wait(job_id, timeout=START_SECONDS) for job_id in ids]
        for job in jobs:
            assert job.status is JobStatus.SUCCEEDED, job.error
        return jobs

    def pixels(self, job: Job, index: int = 0, role: Role = Role.FINAL) -> npt.NDArray[np.uint8]:
        """An image of `job`, (height, width, 3)."""
        return np.asarray(Image.open(io.BytesIO(self.client.download(job.id, index, role))).convert("RGB"))


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """`pixels` as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
