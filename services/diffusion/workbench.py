"""One attempt of one stage at one job: what it fetches and stores, and what it tells of it. No torch."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Job,
    JobRequest,
    Phase,
    Role,
    image_key,
    latents_key,
)
from latentrelay.flow import unmade
from latentrelay.images import encode_image
from latentrelay.latents import pack
from latentrelay.stage import ArtifactStore, Preview, Report
from services.diffusion.arrays import LatentArray, PixelArray

_NOT_DRAWN = frozenset({*JobRequest.model_fields, "image", "num_images_per_prompt", "output"})


class OnStep(Protocol):
    """Told every timestep; a PNDM or Heun schedule has more of them than steps were asked."""

    def __call__(self, step: int, steps: int, preview: Preview | None = None) -> None:
        """`step` of `steps` is done; `preview` shows it, where one is due. What this raises ends the call."""


InPhase = Callable[[Phase], AbstractContextManager[None]]
"""Times what happens inside for a phase."""


@dataclass(frozen=True)
class Workbench:
    """The job at hand with its store and its report."""

    job: Job
    store: ArtifactStore
    report: Report

    @property
    def unmade(self) -> tuple[int, ...]:
        """The images that are to be made: an earlier attempt of the stage may have made the others."""
        return unmade(self.job)

    def has(self, kind: ArtifactKind, index: int, role: Role | None = None) -> bool:
        """Whether an earlier attempt of the stage has made this of image `index`."""
        made = self.job.made(kind, self.job.stage)
        return any((artifact.index, artifact.role) == (index, role) for artifact in made)

    def phase(self, phase: Phase) -> AbstractContextManager[None]:
        """Time what happens inside; the job is known to be wanted when it begins."""
        self.report.check()
        return self.report.phase(phase)

    def fetch(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`."""
        with self.phase(Phase.FETCH):
            return self.store.get(artifact)

    def on_step(self, chunk: Sequence[int]) -> OnStep:
        """Tell the steps of the images in `chunk` as steps of the whole job, drawn in order."""
        drawn = self.job.count - len(self.unmade) + self.unmade.index(chunk[0])

        def told(step: int, steps: int, preview: Preview | None = None) -> None:
            self.report.step(drawn * steps + step * len(chunk), self.job.count * steps, preview)

        return told

    def keep_latents(self, index: int, latents: LatentArray, facts: Mapping[str, Any]) -> None:
        """Store latents of image `index`: (1, 4, height / 8, width / 8); `facts` are those of the manifest."""
        seed = self.job.request.seed_of(index)
        height, width = (8 * side for side in latents.shape[-2:])
        whose: dict[str, Any] = {"job_id": self.job.id, "stage": self.job.stage, "attempt": self.job.attempt}
        data = pack(latents, **whose, index=index, seed=seed, **facts)
        self._keep(
            Artifact(
                kind=ArtifactKind.LATENTS,
                key=latents_key(self.job.id, self.job.stage, self.job.attempt, index),
                media_type="application/octet-stream",
                index=index,
                seed=seed,
                width=width,
                height=height,
                **self._facts(data),
            ),
            data,
        )

    def keep_image(self, index: int, pixels: PixelArray, *, seed: int, role: Role, model: Mapping[str, str]) -> None:
        """Encode and store image `index`: `pixels` is (height, width, 3); `model` describes what drew it."""
        output = self.job.request.output
        told = drawing_parameters(self.job, seed, model) if output.embed_parameters else None
        with self.phase(Phase.ENCODE_IMAGE):
            data = encode_image(pixels, output, told)
        height, width, _ = pixels.shape
        self._keep(
            Artifact(
                kind=ArtifactKind.IMAGE,
                key=image_key(self.job.id, self.job.stage, self.job.attempt, index, output.format),
                media_type=output.format.media_type,
                index=index,
                role=role,
                seed=seed,
                width=width,
                height=height,
                **self._facts(data),
            ),
            data,
        )

    def _facts(self, data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        return {"stage": self.job.stage, "attempt": self.job.attempt, "sha256": digest, "bytes": len(data)}

    def _keep(self, artifact: Artifact, data: bytes) -> None:
        with self.phase(Phase.UPLOAD):
            self.store.put(artifact, data)
        self.report.made(artifact)


def drawing_parameters(job: Job, seed: int, model: Mapping[str, str]) -> dict[str, Any]:
    """What is written into an image file: the fields that draw it again, and none of where it came from."""
    fields = job.request.model_dump(mode="json", exclude=set(_NOT_DRAWN), exclude_none=True)
    return {**fields, "seed": seed, "model": model["model"], "revision": model["revision"], "job_id": job.id}
