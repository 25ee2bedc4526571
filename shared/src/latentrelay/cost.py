"""What a request costs, before anything is drawn. Pure."""

from collections.abc import Iterable

from latentrelay.contracts import (
    Artifact,
    JobRequest,
    Refinement,
    RefineMode,
    Scheduler,
    StageName,
    TextToImage,
    Variation,
)

Sides = tuple[int, int]
"""Width and height in pixels."""

SDXL: Sides = (1024, 1024)  # what a request without a size gets at most
UNCLIP: Sides = (768, 768)
MEGA = 1_000_000


def sides(request: JobRequest, own: Sides | None = None, inputs: Iterable[Artifact] = ()) -> Sides:
    """Of each final image: as asked, else those of the model, or of what is refined.

    Args:
        request: what is asked.
        own: what the first model of its route draws where it is not told; None: as the models are known for.
        inputs: what a refinement continues; where nobody has decoded it yet, it counts as SDXL's own.
    """
    if not isinstance(request, TextToImage | Variation):
        return drawn(inputs) or SDXL
    width, height = own or (SDXL if isinstance(request, TextToImage) else UNCLIP)
    return (request.width or width, request.height or height)


def drawn(artifacts: Iterable[Artifact]) -> Sides | None:
    """Of the first of `artifacts` that tells them; None where none does."""
    return next(((made.width, made.height) for made in artifacts if made.width and made.height), None)


def pixels(request: JobRequest, of_each: Sides | None = None) -> int:
    """The pixels of all final images of a request, as quotas count them; `of_each` are the sides of one."""
    width, height = of_each or sides(request)
    return width * height * _images(request)


def work(request: JobRequest, stage: StageName, of_each: Sides | None = None, *, images: int | None = None) -> float:
    """What `stage` does for so many images of a request, or for all: in steps times megapixels, one image at a time.

    What a stage takes for it is measured, so it need only be in proportion: a cut is where the steps say, not where
    the scheduler's timesteps do.
    """
    width, height = of_each or sides(request)
    count = _images(request) if images is None else images
    evaluations = 2 if getattr(request, "scheduler", None) is Scheduler.HEUN else 1
    return count * evaluations * steps(request, stage) * width * height / MEGA


def steps(request: JobRequest, stage: StageName) -> int:
    """How many steps of the schedule `stage` runs for each image; 0 where the request does not pass it."""
    match request, stage:
        case TextToImage(), StageName.SDXL_BASE:
            return request.num_inference_steps - (0 if request.keeps_base else _ensemble_steps(request))
        case TextToImage(), StageName.SDXL_REFINER:
            return _ensemble_steps(request) or _img2img_steps(request)
        case Refinement(), StageName.SDXL_REFINER:
            return _img2img_steps(request)
        case Variation(), StageName.UNCLIP_VARIATION:
            return request.num_inference_steps
    return 0


def _ensemble_steps(request: TextToImage) -> int:
    """Those that the refiner runs instead of the base."""
    if request.refine.mode is not RefineMode.ENSEMBLE:
        return 0
    return max(1, round(request.num_inference_steps * (1 - request.refine.switch_at)))


def _img2img_steps(request: TextToImage | Refinement) -> int:
    if request.refine.mode is RefineMode.NONE:
        return 0
    return max(1, int(request.refine.num_inference_steps * request.refine.strength))


def _images(request: JobRequest) -> int:
    return request.num_images_per_prompt if isinstance(request, TextToImage | Variation) else 1
