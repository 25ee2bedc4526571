"""How variations are drawn: diffusers' StableUnCLIPImg2ImgPipeline, arrays in, arrays out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import PIL.Image
import torch
from diffusers import StableUnCLIPImg2ImgPipeline
from transformers import CLIPImageProcessorPil

from latentrelay.contracts import Scheduler
from latentrelay.settings import Settings
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.folder import ModelFolder
from services.diffusion.generators import seeded
from services.diffusion.loaded_pipeline import LoadedPipeline
from services.diffusion.loading import Loaded, load, unavailable_told
from services.diffusion.previews import OnLatents
from services.diffusion.tensors import to_array
from services.diffusion.workbench import OnStep


class UnclipVariationPipeline(LoadedPipeline):
    """Stable unCLIP, loaded."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.default_size: int = loaded.pipe.unet.config.sample_size * loaded.pipe.vae_scale_factor

    @classmethod
    def load(cls, folder: ModelFolder, settings: Settings) -> Self:
        """Load the model of `folder`.

        Raises:
            ModelUnavailable: it cannot be served.
        """
        # Left alone, transformers takes torchvision's processor wherever it is installed; its pixels differ.
        with unavailable_told(folder):
            processor = CLIPImageProcessorPil.from_pretrained(folder.path / "feature_extractor", local_files_only=True)
        return cls(load(StableUnCLIPImg2ImgPipeline, folder, settings, feature_extractor=processor))

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device, and the size of what is drawn where the request does not say."""
        return {**super().describe(), "size": f"{self.default_size}x{self.default_size}"}

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        image: PixelArray,
        scheduler: Scheduler | None,
        seeds: Sequence[int],
        on_step: OnStep,
    ) -> LatentArray:
        """Vary `image` once for each seed, to finished latents.

        Args:
            arguments: of the diffusers pipeline, for one image.
            image: (height, width, 3).
            scheduler: the noise scheduler; None for the model's own.
            seeds: one for each variation.
            on_step: told of every timestep; what it raises ends the call.
        """
        pipe = self._loaded.pipe
        pipe.scheduler = self._loaded.scheduler(scheduler)
        with self._loaded.call():
            varied = pipe(
                **_each(arguments, len(seeds)),
                image=[PIL.Image.fromarray(image)] * len(seeds),
                generator=seeded(seeds),
                callback=_counting(pipe, self._previews.told_to(on_step)),
                output_type="latent",
                return_dict=False,
            )[0]
        return to_array(varied)


def _each(arguments: Mapping[str, Any], images: int) -> dict[str, Any]:
    """One prompt for each image: `num_images_per_prompt` would noise the image's embedding once for all of them."""
    prompts = ("prompt", "negative_prompt")
    own = {name: [arguments[name]] * images for name in prompts if arguments[name] is not None}
    return {name: value for name, value in arguments.items() if name not in prompts} | own


def _counting(pipe: Any, on_latents: OnLatents) -> Callable[[int, Any, Any], None]:
    """This pipeline has no `callback_on_step_end`; its older callback tells no number of steps."""
    done = 0

    def callback(_step: int, _timestep: Any, latents: torch.Tensor) -> None:
        nonlocal done
        done += 1
        on_latents(done, len(pipe.scheduler.timesteps), latents)

    return callback
