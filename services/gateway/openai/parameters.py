"""OpenAI's parameters, as its Images API names them. Pure."""

from typing import Literal, Self

from pydantic import Field, StrictBool, TypeAdapter, ValidationError, model_validator

from latentrelay.contracts import MAX_PIXELS, Contract, ImageFormat, Kind
from latentrelay.contracts.contract import Size, few_enough_pixels
from latentrelay.contracts.explain import describe
from latentrelay.errors import Contradiction

STEPS = {"low": 15, "medium": 30, "standard": 30, "high": 50, "hd": 50}
TOLD_QUALITY = {"low": "low", "high": "high", "hd": "high"}
"""What answers call a quality; every other is medium."""
SIDE: TypeAdapter[int] = TypeAdapter(Size)


class Parameters(Contract):
    """What OpenAI's calls have, beside the prompt; null is absent."""

    model: str | None = Field(None, max_length=255)
    """sdxl, sdxl-base, sdxl-refiner or stable-unclip; absent: the one that is made for this."""
    n: int | None = Field(None, strict=True, ge=1, le=8)
    """How many images; absent: 1."""
    size: str | None = Field(None, pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$")
    """WIDTHxHEIGHT in pixels, each from 64 to 2048 and a multiple of 8; auto: the model's own."""
    quality: Literal["auto", "low", "medium", "standard", "high", "hd"] | None = None
    """Steps: low 15, medium and standard 30, high and hd 50; auto: as many as our own API takes."""
    response_format: Literal["url", "b64_json"] | None = None
    """Absent: url, a link that holds for an hour."""
    output_format: ImageFormat | None = None
    """The encoding of the image files; absent: png."""
    output_compression: int | None = Field(None, strict=True, ge=0, le=100)
    """The quality of jpeg and webp; absent: 95."""
    background: Literal["auto", "opaque"] | None = None
    """Nothing transparent is drawn here."""
    moderation: Literal["auto", "low"] | None = None
    """Read, and without effect: nothing is moderated here."""
    user: str | None = Field(None, max_length=255)
    """Becomes the job's `client_reference`."""
    safety_identifier: str | None = Field(None, max_length=255)
    """As `user`, and before it."""
    stream: StrictBool | None = None
    """Answer with events, as the images come about."""
    partial_images: int | None = Field(None, strict=True, ge=0, le=3)
    """At most so many pictures of what is being drawn, in a stream."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.partial_images and not self.stream:
            raise Contradiction.at("partial_images", "needs stream")
        if self.stream and self.response_format == "url":
            raise Contradiction.at("response_format", "must be b64_json in a stream, whose events carry the images")
        return self

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        try:
            for side in self.sides:
                SIDE.validate_python(side)
            few_enough_pixels(*(self.sides or (None, None)))
        except (ValidationError, Contradiction):
            side_told = describe(SIDE.json_schema())
            told = f"must be auto, or two sides, each {side_told}, and of at most {MAX_PIXELS} pixels; got {self.size}"
            raise Contradiction.at("size", told) from None
        return self

    @property
    def sides(self) -> tuple[int, ...]:
        """Width and height in pixels, or nothing where that is left to the model."""
        return () if self.size in (None, "auto") else tuple(map(int, self.size.split("x")))

    @property
    def steps(self) -> int | None:
        """The steps that the quality stands for."""
        return STEPS.get(self.quality or "")

    @property
    def told_quality(self) -> str:
        """The quality as answers tell it."""
        return TOLD_QUALITY.get(self.quality or "", "medium")


def names_of(kind: Kind) -> frozenset[str]:
    """The parameters of a call that makes a job of `kind`; OpenAI has no events for variations."""
    unserved = {"stream", "partial_images"} if kind is Kind.VARIATION else set()
    return frozenset(Parameters.model_fields) - unserved
