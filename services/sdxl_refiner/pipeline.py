"""How the refiner draws: diffusers' StableDiffusionXLImg2ImgPipeline, arrays in, arrays out."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline

from latentrelay.contracts import Scheduler
from latentrelay.settings import Settings
from services.diffusion.arrays import GeneratorState, LatentArray
from services.diffusion.calls import on_step_end
from services.diffusion.folder import ModelFolder
from services.diffusion.generators import restored, seeded
from services.diffusion.loaded_pipeline import LoadedPipeline
from services.diffusion.loading import Loaded, load
from services.diffusion.schedule import Schedule
from services.diffusion.schedulers import cut_at_switch, cut_by_strength
from services.diffusion.tensors import to_array
from services.diffusion.workbench import OnStep


class SdxlRefinerPipeline(LoadedPipeline):
    """SDXL refiner, loaded."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.scaling_factor: float = loaded.pipe.vae.config.scaling_factor

    @classmethod
    def load(cls, folder: ModelFolder, settings: Settings) -> Self:
        """Load the model of `folder`.

        Raises:
            ModelUnavailable: it cannot be served.
        """
        # Left alone, diffusers draws a watermark wherever the package for it happens to be installed.
        return cls(load(StableDiffusionXLImg2ImgPipeline, folder, settings, add_watermarker=False))

    def schedule(self, scheduler: Scheduler, arguments: Mapping[str, Any]) -> Schedule:
        """How `scheduler` cuts the steps at `denoising_start`, or by `strength` where there is none."""
        built, steps = self._loaded.scheduler(scheduler), arguments["num_inference_steps"]
        if "denoising_start" in arguments:
            return cut_at_switch(built, steps, arguments["denoising_start"])
        return cut_by_strength(built, steps, arguments["strength"])

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        image: npt.NDArray[Any],
        scheduler: Scheduler,
        seeds: Sequence[int],
        generator_states: Sequence[GeneratorState] | None,
        on_step: OnStep,
    ) -> LatentArray:
        """Refine a batch to finished latents.

        Args:
            arguments: of the diffusers pipeline.
            image: latents (images, 4, height / 8, width / 8), or pixels (images, height, width, 3) as uint8.
            scheduler: the noise scheduler.
            seeds: one for each image.
            generator_states: where the base's generators stopped, to go on from there; None begins at the seeds.
            on_step: told of every timestep; what it raises ends the call.
        """
        pipe = self._loaded.pipe
        pipe.scheduler = self._loaded.scheduler(scheduler)
        with self._loaded.call():
            refined = pipe(
                **arguments,
                image=_as_diffusers_takes_it(image),
                num_images_per_prompt=len(seeds),
                generator=restored(generator_states) if generator_states else seeded(seeds),
                callback_on_step_end=on_step_end(self._previews.told_to(on_step)),
                output_type="latent",
                return_dict=False,
            )[0]
        return to_array(refined)


def _as_diffusers_takes_it(image: npt.NDArray[Any]) -> torch.Tensor | list[PIL.Image.Image]:
    """Four channels are latents to diffusers, kept as they are; pixels go through its image processor."""
    if image.dtype == np.uint8:
        return [PIL.Image.fromarray(pixels) for pixels in image]
    return torch.from_numpy(image)
