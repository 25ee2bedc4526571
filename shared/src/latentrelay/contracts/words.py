"""The closed vocabularies: kinds, stages, states, schedulers, formats."""

from enum import StrEnum


class Kind(StrEnum):
    """What a job asks for."""

    TEXT_TO_IMAGE = "text_to_image"
    VARIATION = "variation"
    REFINEMENT = "refinement"


class StageName(StrEnum):
    """One step by one model; its queue bears the same name."""

    SDXL_BASE = "sdxl_base"
    SDXL_REFINER = "sdxl_refiner"
    UNCLIP_VARIATION = "unclip_variation"


class JobStatus(StrEnum):
    """`queued -> running -> succeeded | failed | canceled | expired`."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_terminal(self) -> bool:
        """Terminal states never change."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Priority(StrEnum):
    """Who goes first in a queue."""

    INTERACTIVE = "interactive"
    STANDARD = "standard"
    BATCH = "batch"


class Scheduler(StrEnum):
    """The noise schedulers served; each is a diffusers class and its options."""

    EULER = "euler"
    EULER_ANCESTRAL = "euler_ancestral"
    DDIM = "ddim"
    DPMPP_2M = "dpmpp_2m"
    DPMPP_2M_KARRAS = "dpmpp_2m_karras"
    HEUN = "heun"
    UNIPC = "unipc"
    PNDM = "pndm"


class RefineMode(StrEnum):
    """How the refiner takes over from the base."""

    NONE = "none"
    ENSEMBLE = "ensemble"
    IMG2IMG = "img2img"


class ImageFormat(StrEnum):
    """The encodings of an image that a job may ask for."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"

    @property
    def media_type(self) -> str:
        """The MIME type, as in `Content-Type`."""
        return f"image/{self.value}"


class Role(StrEnum):
    """`final` is the job's result; `base` is the base model's own image, kept for comparison."""

    FINAL = "final"
    BASE = "base"


class ArtifactKind(StrEnum):
    """The retention class of a stored object; its key begins with it."""

    LATENTS = "latents"
    IMAGE = "images"
    INPUT = "inputs"


class Phase(StrEnum):
    """What a stage spends its time on."""

    LOAD = "load"
    FETCH = "fetch"
    ENCODE_PROMPT = "encode_prompt"
    DENOISE = "denoise"
    DECODE = "decode"
    ENCODE_IMAGE = "encode_image"
    UPLOAD = "upload"


class WebhookEventType(StrEnum):
    """Exactly one of succeeded, failed, canceled and expired ends what is told of a job."""

    STARTED = "job.started"
    PROGRESS = "job.progress"
    SUCCEEDED = "job.succeeded"
    FAILED = "job.failed"
    CANCELED = "job.canceled"
    EXPIRED = "job.expired"
    TEST = "webhook.test"
