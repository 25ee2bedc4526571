"""The same pictures as one Python process with plain diffusers draws them: written as diffusers' documentation shows.

Nothing of `services` or `latentrelay` is used here but the names of the schedulers.
"""

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from latentrelay.contracts import Scheduler

SCHEDULERS: dict[Scheduler, tuple[Any, dict[str, Any]]] = {
    Scheduler.EULER: (diffusers.EulerDiscreteScheduler, {}),
    Scheduler.EULER_ANCESTRAL: (diffusers.EulerAncestralDiscreteScheduler, {}),
    Scheduler.DDIM: (diffusers.DDIMScheduler, {}),
    Scheduler.DPMPP_2M: (diffusers.DPMSolverMultistepScheduler, {}),
    Scheduler.DPMPP_2M_KARRAS: (diffusers.DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    Scheduler.HEUN: (diffusers.HeunDiscreteScheduler, {}),
    Scheduler.UNIPC: (diffusers.UniPCMultistepScheduler, {}),
    Scheduler.PNDM: (diffusers.PNDMScheduler, {"skip_prk_steps": True}),
}


class OneProcess:
    """Base, refiner and unCLIP side by side."""

    def __init__(self, models: Path, dtype: torch.dtype = torch.float32) -> None:
        self.base = _load(diffusers.StableDiffusionXLPipeline, models / "sdxl_base", dtype, add_watermarker=False)
        self.refiner = _load(
            diffusers.StableDiffusionXLImg2ImgPipeline, models / "sdxl_refiner", dtype, add_watermarker=False
        )
        self.unclip = _load(diffusers.StableUnCLIPImg2ImgPipeline, models / "unclip", dtype)
        self._own = {pipe: pipe.scheduler.config for pipe in (self.base, self.refiner, self.unclip)}
        self._classes = {pipe: type(pipe.scheduler) for pipe in (self.base, self.refiner, self.unclip)}

    def schedule(self, scheduler: Scheduler | None) -> None:
        """Give all pipelines this scheduler; None for each its own."""
        for pipe, own in self._own.items():
            scheduler_class, options = SCHEDULERS[scheduler] if scheduler else (self._classes[pipe], {})
            pipe.scheduler = scheduler_class.from_config(own, **options)

    def base_image(self, prompt: str, *, seed: int, scheduler: Scheduler = Scheduler.EULER, **base: Any) -> np.ndarray:
        """The base alone."""
        self.schedule(scheduler)
        return np.asarray(self.base(prompt, generator=generator(seed), **base).images[0])

    def base_latents(
        self, prompt: str, *, seed: int, scheduler: Scheduler = Scheduler.EULER, **base: Any
    ) -> np.ndarray:
        """What the base hands over, (1, 4, h, w)."""
        self.schedule(scheduler)
        return self.base(prompt, generator=generator(seed), output_type="latent", **base).images.numpy()

    def ensemble(
        self,
        prompt: str,
        *,
        seed: int,
        steps: int,
        switch_at: float,
        scheduler: Scheduler = Scheduler.EULER,
        base: dict[str, Any] | None = None,
        refiner: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """The ensemble of expert denoisers: the refiner ends the schedule that the base began."""
        self.schedule(scheduler)
        one = generator(seed)
        latents = self.base(
            prompt,
            num_inference_steps=steps,
            denoising_end=switch_at,
            output_type="latent",
            generator=one,
            **(base or {}),
        ).images
        image = self.refiner(
            prompt,
            num_inference_steps=steps,
            denoising_start=switch_at,
            image=latents,
            generator=one,
            **(refiner or {}),
        )
        return np.asarray(image.images[0])

    def img2img(
        self,
        prompt: str,
        *,
        seed: int,
        scheduler: Scheduler = Scheduler.EULER,
        base: dict[str, Any] | None = None,
        refiner: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """The refiner draws a part of the finished picture again, from a generator of its own."""
        self.schedule(scheduler)
        latents = self.base(prompt, output_type="latent", generator=generator(seed), **(base or {})).images
        return np.asarray(self.refiner(prompt, image=latents, generator=generator(seed), **(refiner or {})).images[0])

    def refined(
        self, prompt: str, image: np.ndarray, *, seed: int, scheduler: Scheduler = Scheduler.EULER, **refiner: Any
    ) -> np.ndarray:
        """The refiner alone, on a picture."""
        self.schedule(scheduler)
        picture = Image.fromarray(image)
        return np.asarray(self.refiner(prompt, image=picture, generator=generator(seed), **refiner).images[0])

    def varied(self, image: np.ndarray, *, seed: int, scheduler: Scheduler | None = None, **unclip: Any) -> np.ndarray:
        """A variation of a picture."""
        self.schedule(scheduler)
        return np.asarray(self.unclip(Image.fromarray(image), generator=generator(seed), **unclip).images[0])


def generator(seed: int) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


def _load(pipeline_class: Any, folder: Path, dtype: torch.dtype, **options: Any) -> Any:
    pipe = pipeline_class.from_pretrained(folder, torch_dtype=dtype, use_safetensors=True, **options)
    pipe.set_progress_bar_config(disable=True)
    return pipe
