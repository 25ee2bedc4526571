"""Previews of latents, with a VAE whose colours are known: its latents are the colours, mixed."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d, interpolate

from latentrelay.stage import Preview
from latentrelay.testing import MemoryReport
from services.diffusion.latents_to_rgb import LatentsToRgb, fit, solve, synthetic
from services.diffusion.previews import SIDE, Previews, preview_of

CPU = torch.device("cpu")
MIXED = torch.tensor([[0.9, 0.2, -0.1], [0.1, -0.8, 0.3], [0.2, 0.1, 0.7], [-0.3, 0.4, 0.5]])
SCALING = 0.25


@dataclass
class MixingVae:
    """A latent is the mean colour of 8 x 8 pixels, mixed into four channels; decoded, it is that colour again."""

    contrast: float = 1.0
    dtype: torch.dtype = torch.float32
    config = type("Config", (dict,), {"scaling_factor": SCALING})()

    def encode(self, picture: torch.Tensor) -> SimpleNamespace:
        latents = torch.einsum("cr,nrhw->nchw", MIXED, avg_pool2d(picture, 8))
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))

    def decode(self, latents: torch.Tensor, *, return_dict: bool) -> tuple[torch.Tensor]:
        assert not return_dict
        colours = torch.einsum("rc,nchw->nrhw", torch.linalg.pinv(MIXED), latents) * self.contrast
        return (interpolate(colours, scale_factor=8),)


def latents_of(colour: tuple[float, float, float], width: int = 4, height: int = 4) -> torch.Tensor:
    """As a pipeline hands them over: (channels, height, width)."""
    return (MIXED @ torch.tensor(colour) * SCALING)[:, None, None].expand(4, height, width)


def fitted() -> LatentsToRgb:
    to_rgb = fit(MixingVae(), CPU)
    assert to_rgb is not None
    return to_rgb


def opened(preview: Preview | None) -> Image.Image:
    assert preview is not None
    data = preview()
    assert data is not None
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("colour", [(0.5, -0.5, 0.25), (-1.0, 1.0, 0.0), (0.0, 0.0, 0.0)])
def test_the_map_is_fitted_to_what_the_vae_decodes(colour: tuple[float, float, float]) -> None:
    rgb = fitted()(latents_of(colour))
    assert torch.allclose(rgb, torch.tensor(colour)[:, None, None].expand(3, 4, 4), atol=1e-4)


def test_fitting_draws_no_random_number() -> None:
    before = torch.get_rng_state()
    fitted()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("contrast", [0.0, float("nan"), float("inf")])
def test_a_vae_that_shows_nothing_has_no_previews(contrast: float) -> None:
    assert fit(MixingVae(contrast), CPU) is None


def test_what_is_no_number_is_not_solved() -> None:
    latents, colours = np.random.default_rng(1).normal(size=(2, 20, 3))
    assert solve(latents, colours) is not None
    assert solve(np.where(latents > 1, np.nan, latents), colours) is None


def test_the_strong_noise_of_early_steps_is_brought_down_to_a_picture() -> None:
    noise = torch.randn(4, 16, 16, generator=torch.Generator().manual_seed(1))
    calm, strong = (fitted()(noise * strength) for strength in (1.0, 14.0))
    assert torch.allclose(calm, strong, atol=1e-1)


def test_the_picture_that_is_fitted_to_shows_light_and_dark_of_every_colour() -> None:
    signs = (synthetic(64) > 0).flatten(1).T.unique(dim=0)
    assert len(signs) == 8


@pytest.mark.parametrize(("width", "height"), [(4, 8), (128, 96), (256, 128), (160, 192), (256, 256)])
def test_a_preview_is_a_small_jpeg_of_the_shape_of_the_image(width: int, height: int) -> None:
    told: list[Preview | None] = []
    Previews(1, fitted()).told_to(lambda _step, _steps, preview=None: told.append(preview))(
        1, 1, latents_of((0.5, -0.5, 0.0), width, height)[None]
    )
    image = opened(told[0])
    assert image.format == "JPEG"
    assert max(image.size) <= SIDE
    assert image.width / image.height == pytest.approx(width / height, rel=0.05)
    assert np.abs(np.asarray(image).mean(axis=(0, 1)) - (191, 64, 128)).max() < 3


def test_latents_that_are_no_numbers_show_nothing() -> None:
    rgb = torch.zeros(3, 8, 8)
    rgb[0, 0, 0] = torch.nan
    assert preview_of(rgb)() is None


@pytest.mark.parametrize(("every", "due"), [(5, {5, 10}), (1, set(range(1, 13))), (20, set()), (0, set())])
def test_a_preview_is_told_every_few_steps(every: int, due: set[int]) -> None:
    report = MemoryReport()
    told = Previews(every, fitted() if every else None).told_to(report.step)
    for step in range(1, 13):
        told(step, 12, latents_of((0.5, 0.5, 0.5))[None])
    assert report.previews.keys() == due
    assert report.steps == [(step, 12) for step in range(1, 13)]


def test_latents_are_left_as_they_are() -> None:
    latents = latents_of((0.5, -0.5, 0.25)).clone()[None] * 20
    before = latents.clone()
    shown: list[Callable[[], bytes | None] | None] = []
    Previews(1, fitted()).told_to(lambda _step, _steps, preview=None: shown.append(preview))(1, 1, latents)
    opened(shown[0])
    assert torch.equal(latents, before)
