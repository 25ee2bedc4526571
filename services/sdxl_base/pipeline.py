"""How the base draws: diffusers' StableDiffusionXLPipeline, arrays out."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from diffusers import StableDiffusionXLPipeline

from latentrelay.contracts import Scheduler
from latentrelay.settings import Settings
from services.diffusion.arrays import GeneratorState
from services.diffusion.folder import ModelFolder
from services.diffusion.generators import seeded, states_of
from services.diffusion.loaded_pipeline import LoadedPipeline
from services.diffusion.loading import Loaded, load
from services.diffusion.previews import OnLatents
from services.diffusion.schedule import Schedule
from services.diffusion.schedulers import cut_at_switch, draws_noise
from services.diffusion.tensors import to_array
from services.diffusion.workbench import OnStep
from services.sdxl_base.arguments import own_size
from services.sdxl_base.stage import Handover


class SdxlBasePipeline(LoadedPipeline):
    """SDXL base, loaded."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.default_size: int = loaded.pipe.default_sample_size * loaded.pipe.vae_scale_factor
        self.scaling_factor: float = loaded.pipe.vae.config.scaling_factor

    @classmethod
    def load(cls, folder: ModelFolder, settings: Settings) -> Self:
        """Load the model of `folder`.

        Raises:
            ModelUnavailable: it cannot be served.
        """
        # Left alone, diffusers draws a watermark wherever the package for it happens to be installed.
        return cls(load(StableDiffusionXLPipeline, folder, settings, add_watermarker=False))

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device, and the size of what is drawn where the request does not say."""
        side = own_size(self.default_size)
        return {**super().describe(), "size": f"{side}x{side}"}

    def schedule(self, scheduler: Scheduler, num_inference_steps: int, switch_at: float | None) -> Schedule:
        """How `scheduler` cuts the steps at `switch_at`."""
        return cut_at_switch(self._loaded.scheduler(scheduler), num_inference_steps, switch_at)

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        scheduler: Scheduler,
        seeds: Sequence[int],
        on_step: OnStep,
        switch_after: int | None,
    ) -> Handover:
        """Draw one image for each seed.

        Args:
            arguments: of the diffusers pipeline.
            scheduler: the noise scheduler.
            seeds: one for each image.
            on_step: told of every timestep; what it raises ends the call.
            switch_after: timesteps after which latents are handed over; None: when they are finished.
        """
        pipe = self._loaded.pipe
        pipe.scheduler = self._loaded.scheduler(scheduler)
        generators = seeded(seeds)
        switch = _Switch(switch_after, generators, self._previews.told_to(on_step))
        with self._loaded.call():
            drawn = pipe(
                **arguments,
                num_images_per_prompt=len(seeds),
                generator=generators,
                callback_on_step_end=switch,
                output_type="latent",
                return_dict=False,
            )[0]
        handed_over = drawn if switch.latents is None else switch.latents
        return Handover(
            to_array(handed_over),
            generator_states=switch.states if draws_noise(pipe.scheduler) else None,
            finished=None if arguments.get("denoising_end") else to_array(drawn),
        )


class _Switch:
    """A step callback that keeps what the pipeline holds at the switch point, whether or not it goes on."""

    def __init__(self, after: int | None, generators: Sequence[torch.Generator], on_latents: OnLatents) -> None:
        self._after = after
        self._generators = generators
        self._on_latents = on_latents
        self.latents: torch.Tensor | None = None
        self.states: tuple[GeneratorState, ...] | None = None

    def __call__(self, pipe: Any, step: int, _timestep: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
        if step + 1 == self._after:
            self.latents = tensors["latents"].clone()
            self.states = states_of(self._generators)
        self._on_latents(step + 1, pipe.num_timesteps, tensors["latents"])
        return {}
