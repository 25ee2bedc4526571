"""A stored object: what it is, where it lies, and the hash it must have."""

from pydantic import Field

from latentrelay.contracts.contract import Contract
from latentrelay.contracts.words import ArtifactKind, Role, StageName


class Artifact(Contract):
    """A stored object. `key` is derived, never random; the object is written once, never over."""

    kind: ArtifactKind
    key: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    media_type: str
    stage: StageName | None = None
    """The stage that made it; absent for inputs."""
    attempt: int = 0
    """The attempt that made it; 0 for inputs."""
    index: int = 0
    """Which image of the job."""
    role: Role | None = None
    """Of images: final, or the base's own."""
    width: int | None = None
    height: int | None = None
    seed: int | None = None

    @property
    def place(self) -> tuple[ArtifactKind, StageName | None, Role | None, int]:
        """What it is of its job: another attempt's artifact of the same place takes its place."""
        return (self.kind, self.stage, self.role, self.index)


def latents_key(job_id: str, stage: StageName, attempt: int, index: int) -> str:
    """Where the latents of image `index` lie."""
    return f"{ArtifactKind.LATENTS}/{job_id}/{stage}/{attempt}/{index}.safetensors"


def image_key(job_id: str, stage: StageName, attempt: int, index: int, extension: str) -> str:
    """Where image `index` lies, as `stage` drew it."""
    return f"{ArtifactKind.IMAGE}/{job_id}/{stage}/{attempt}/{index}.{extension}"


def input_key(owner_id: str) -> str:
    """Where an upload, or the image that came with a job, lies."""
    return f"{ArtifactKind.INPUT}/{owner_id}/0"
