"""What a request costs, before anything is drawn. Pure."""

from latentrelay.contracts import JobRequest, Refinement, RefineMode, Scheduler, StageName, TextToImage, Variation

SDXL_SIDE = 1024  # pixels; what a request without a size gets at most
UNCLIP_SIDE = 768
MEGA = 1_000_000


def pixels(request: JobRequest) -> int:
    """The pixels of all final images of a request, as quotas count them; an absent size counts as the models' own."""
    return _pixels_of_one(request) * _images(request)


def work(request: JobRequest, stage: StageName, images: int | None = None) -> float:
    """What `stage` does for so many images of a request, or for all: in steps times megapixels, one image at a time.

    What a stage takes for it is measured, so it need only be in proportion: a cut is where the steps say, not where
    the scheduler's timesteps do, and an image that nobody has decoded yet is as large as the model's own.
    """
    count = _images(request) if images is None else images
    evaluations = 2 if getattr(request, "scheduler", None) is Scheduler.HEUN else 1
    return count * evaluations * steps(request, stage) * _pixels_of_one(request) / MEGA


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


def _pixels_of_one(request: JobRequest) -> int:
    if not isinstance(request, TextToImage | Variation):
        return SDXL_SIDE * SDXL_SIDE  # a refinement is as large as its source, which nobody has decoded yet
    side = SDXL_SIDE if isinstance(request, TextToImage) else UNCLIP_SIDE
    return (request.width or side) * (request.height or side)
