"""What a request costs, before anything is drawn. Pure."""

from latentrelay.contracts import JobRequest, TextToImage, Variation

SDXL_SIDE = 1024  # pixels; what a request without a size gets at most
UNCLIP_SIDE = 768


def pixels(request: JobRequest) -> int:
    """The pixels of all final images of a request, as quotas count them; an absent size counts as the models' own."""
    if isinstance(request, TextToImage | Variation):
        side = SDXL_SIDE if isinstance(request, TextToImage) else UNCLIP_SIDE
        return (request.width or side) * (request.height or side) * request.num_images_per_prompt
    return SDXL_SIDE * SDXL_SIDE  # a refinement is as large as its source, which nobody has decoded yet
