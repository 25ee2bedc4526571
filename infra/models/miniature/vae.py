"""The VAE: 8 x 8 pixels a latent, 4 channels, as SDXL's; taught on crops, then on whole drawings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from infra.models.miniature.drawing import SIDE, degraded, draw
from infra.models.miniature.lesson import SEED, Course, Lesson, fingerprint
from infra.models.miniature.scene import any_scene
from infra.models.seeding import seeded

CROP = 32  # pixels: an edge is learned on a quarter of the picture for a quarter of the price
CELL = 8
WHOLE = {"vae": 0.4, "decoder": 0.7}  # of the steps of a lesson, at the end, see whole drawings
DEGRADED = 0.2  # of the drawings
KL = 1e-3
INEXACT = 0.08  # of the latents' deviation: how wrong they are while the decoder is polished
EDGES = 0.5  # the weight of differences between neighbours beside that of the pixels

Restoring = Callable[[AutoencoderKL, Tensor], Tensor]


def autoencoder() -> AutoencoderKL:
    """A small AutoencoderKL. One group a norm: an even area has no brightness left where few channels share one."""
    with seeded("miniature/vae"):
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(12, 24, 48, 96),
            layers_per_block=1,
            latent_channels=4,
            norm_num_groups=1,
            sample_size=SIDE,
            scaling_factor=1.0,
            force_upcast=False,
        )
        for part in vae.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
                nn.init.zeros_(part.bias)
        nn.init.normal_(vae.decoder.conv_out.weight, std=0.02)
        nn.init.normal_(vae.quant_conv.weight[4:], std=0.01)
    return vae.to(memory_format=torch.channels_last)


def pixels(pictures: list[np.ndarray]) -> Tensor:
    """(n, 3, side, side) from -1 to 1."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return stacked.float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def drawings(rng: np.random.Generator, count: int, *, whole: bool) -> Tensor:
    """Drawings to be given back: crops of them, or whole ones."""
    side, pictures = (SIDE if whole else CROP), []
    for _ in range(count if whole else (count + 1) // 2):
        picture = draw(any_scene(rng), rng)
        if rng.random() < DEGRADED:
            picture = degraded(picture, float(rng.random()), rng)
        for _ in range(1 if whole else 2):
            top, left = rng.integers(0, (SIDE - side) // CELL + 1, 2) * CELL
            pictures.append(picture[top : top + side, left : left + side])
    return pixels(pictures[:count])


def restoring(vae: AutoencoderKL, given: Tensor) -> Tensor:
    """The loss of giving `given` back: pixels, edges, and how far latents are from noise of variance 1."""
    posterior = vae.encode(given).latent_dist
    loss = _differing(vae.decode(posterior.sample()).sample, given)
    return loss + KL * posterior.kl().mean() / posterior.mean[0].numel()


def redrawing(vae: AutoencoderKL, given: Tensor) -> Tensor:
    """The decoder's loss alone, on latents as inexact as a UNet's are."""
    with torch.no_grad():
        latents = vae.encode(given).latent_dist.mean
        inexact = latents + torch.randn_like(latents) * INEXACT / vae.config.scaling_factor
    return _differing(vae.decode(inexact).sample, given)


def _differing(made: Tensor, given: Tensor) -> Tensor:
    error = made - given
    edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    return error.abs().mean() + EDGES * edges


def teach(course: Course, polish: Course, folder: Path) -> AutoencoderKL:
    """Teach a VAE in `folder`, scale its latents to a deviation of 1, and polish its decoder."""
    vae = scaled(_taught("vae", autoencoder(), course, folder, restoring))
    vae.requires_grad_(requires_grad=True).encoder.requires_grad_(requires_grad=False)
    vae.quant_conv.requires_grad_(requires_grad=False)
    return _taught("decoder", vae, polish, folder, redrawing, after=fingerprint(vae))


def _taught(
    name: str, vae: AutoencoderKL, course: Course, folder: Path, loss: Restoring, *, after: int = 0
) -> AutoencoderKL:
    lesson = Lesson(name, vae, course, folder, after)

    def of_step(rng: np.random.Generator) -> Tensor:
        whole = lesson.step >= (1 - WHOLE[name]) * course.steps
        return loss(vae, drawings(rng, course.batch // 4 if whole else course.batch, whole=whole))

    average = lesson.teach(of_step)
    assert isinstance(average, AutoencoderKL)  # noqa: S101  # a copy of what was taught
    return average


@torch.no_grad()
def scaled(vae: AutoencoderKL) -> AutoencoderKL:
    """The VAE with the factor that gives its latents a deviation of 1."""
    latents = vae.encode(drawings(np.random.default_rng(SEED), 256, whole=True)).latent_dist.mean
    vae.register_to_config(scaling_factor=round(1 / float(latents.std()), 5))
    return vae
