"""How the refiner takes over from the base, or from an image."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from latentrelay.contracts.contract import Contract, Guidance, Score, Steps
from latentrelay.contracts.words import RefineMode


class Refine(Contract):
    """How the refiner takes over, and its own values where they differ from the base's."""

    mode: RefineMode = RefineMode.ENSEMBLE
    """Whether and how the refiner takes over from the base."""
    switch_at: float = Field(0.8, strict=True, ge=0.05, le=0.95)
    """Ensemble only: denoising_end of the base and denoising_start of the refiner."""
    strength: float = Field(0.3, strict=True, ge=0, le=1)
    """Img2img only: how much of the schedule is re-noised and drawn again."""
    num_inference_steps: Steps = 50
    """Img2img only: steps of the full schedule, of which `strength` runs."""
    guidance_scale: Guidance | None = None
    """The refiner's own guidance; absent: the base's."""
    negative_prompt: Annotated[str, Field(max_length=2000)] | None = Field(None, repr=False)
    """The refiner's own negative prompt; absent: the base's."""
    aesthetic_score: Score = 6.0
    """What the refiner aims for."""
    negative_aesthetic_score: Score = 2.5
    """What the refiner turns away from."""

    @model_validator(mode="after")
    def _only_what_the_mode_reads(self) -> Self:
        unread = {RefineMode.NONE: {*type(self).model_fields} - {"mode"}, RefineMode.IMG2IMG: {"switch_at"}}
        unread[RefineMode.ENSEMBLE] = {"strength", "num_inference_steps"}
        for name in sorted(unread.get(self.mode, set())):
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} has no effect with mode {self.mode}")
        return self

    @model_validator(mode="after")
    def _at_least_one_step(self) -> Self:
        if int(self.num_inference_steps * self.strength) < 1:
            raise ValueError(
                f"strength {self.strength} of num_inference_steps {self.num_inference_steps} runs no step; "
                "their product must be at least 1"
            )
        return self


class Continue(Refine):
    """How a Refinement continues; absent values are those of the latents it continues."""

    mode: Literal[RefineMode.ENSEMBLE, RefineMode.IMG2IMG] | None = None  # type: ignore[assignment]  # narrowed on purpose: a refinement always refines
    """Absent: ensemble for latents that stop at a switch point, img2img for finished ones and for images."""
    switch_at: Annotated[float, Field(strict=True, ge=0.05, le=0.95)] | None = None  # type: ignore[assignment]  # absent: where the latents stop
    """Ensemble only; must be where the latents stop."""
