"""How the images of a job are encoded, and which are kept."""

from pydantic import Field, StrictBool

from latentrelay.contracts.contract import Contract
from latentrelay.contracts.words import ImageFormat


class Output(Contract):
    """How the images are encoded."""

    format: ImageFormat = ImageFormat.PNG
    """The encoding of the image files."""
    quality: int = Field(95, strict=True, ge=1, le=100)
    """Of jpeg and webp; png is lossless."""
    embed_parameters: StrictBool = True
    """Write the parameters of the job into the file."""


class RelayOutput(Output):
    """How the images of a relay are encoded, and which are kept."""

    keep_base: StrictBool = False
    """Also finish and decode the base's own image, for comparison."""
