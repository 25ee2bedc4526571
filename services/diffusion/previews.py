"""Small pictures of half-done latents, told every few steps. The drawing never waits for them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from latentrelay.contracts import ImageFormat, Output
from latentrelay.images import encode_image
from latentrelay.stage import Preview
from services.diffusion.latents_to_rgb import LatentsToRgb
from services.diffusion.workbench import OnStep

SIDE = 128
"""Pixels: the longest side of a preview, at most."""
JPEG = Output(format=ImageFormat.JPEG, quality=80, embed_parameters=False)

OnLatents = Callable[[int, int, torch.Tensor], None]
"""Told `step` of `steps`, once for every timestep, and the latents that the pipeline has then, of all its images."""


@dataclass(frozen=True)
class Previews:
    """Makes previews of every so many steps; none without a map to colours."""

    every: int
    to_rgb: LatentsToRgb | None

    def told_to(self, on_step: OnStep) -> OnLatents:
        """`on_step`, with a preview of the first image where one is due."""

        def told(step: int, steps: int, latents: torch.Tensor) -> None:
            on_step(step, steps, self._preview(step, latents))

        return told

    def _preview(self, step: int, latents: torch.Tensor) -> Preview | None:
        if self.to_rgb is None or step % self.every:
            return None
        return preview_of(small(self.to_rgb(latents[0])))


def small(rgb: torch.Tensor) -> torch.Tensor:
    """(3, height, width), with at most `SIDE` a side: the mean of each few places."""
    return avg_pool2d(rgb, math.ceil(max(rgb.shape[1:]) / SIDE))


def preview_of(rgb: torch.Tensor) -> Preview:
    """(3, height, width) of -1..1 as a JPEG, once that is asked for; None where it holds what is no number."""
    fetch = _sent_to_memory(rgb)

    def encoded() -> bytes | None:
        here = fetch()
        if here is None or not here.isfinite().all():
            return None
        pixels = ((here.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).contiguous()
        return encode_image(np.asarray(pixels), JPEG, None)

    return encoded


def _sent_to_memory(tensor: torch.Tensor) -> Callable[[], torch.Tensor | None]:
    """What gives `tensor` in main memory; None while it is not there. CUDA copies it in turn, and nobody waits."""
    if not tensor.is_cuda:
        here = tensor.cpu()
        return lambda: here
    pinned = torch.empty_like(tensor, device="cpu", pin_memory=True).copy_(tensor, non_blocking=True)
    copied = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch types half of it
    copied.record(torch.cuda.current_stream(tensor.device))
    return lambda: pinned if copied.query() else None  # type: ignore[no-untyped-call]  # as above
