"""The three lessons of the UNets: noise predicted on the album, conditioned exactly as diffusers' pipelines do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import get_timestep_embedding
from numpy.typing import NDArray
from torch import Tensor

from infra.models.miniature.album import Album, Kind, embedded, last_layer
from infra.models.miniature.clip import EMBEDDING, Clip
from infra.models.miniature.lesson import Course, Lesson, fingerprint
from infra.models.miniature.unets import (
    base_unet,
    kept,
    noising_scheduler,
    refiner_unet,
    sdxl_scheduler,
    unclip_scheduler,
    unclip_unet,
)

STEPS = 1000
LOW_NOISE = 200  # the refiner's steps, as in the SDXL paper (arXiv:2307.01952)
REACH = 310  # a refinement of a whole picture begins here, at the contract's strength of 0.3
BEYOND = 0.15  # of the refiner's samples lie between the two
LITTLE = 0.12  # of the base's samples lie in the refiner's steps
HEAVIEST = 6.0  # the most that an error counts where little of the signal is left
UNCONDITIONAL = 0.1
EMPTY = 0.04
WORDLESS = 0.75  # of unCLIP's samples come without a caption
UNNOISED = 0.6  # of its embeddings have no noise beyond level 0's


@dataclass(frozen=True)
class Batch:
    """Clean latents, and which entries of the album they are."""

    latents: Tensor
    at: NDArray[np.int64]
    empty: Tensor
    """Where the condition is left out."""
    rng: np.random.Generator


Denoise = Callable[[Batch, Tensor, Tensor], Tensor]


def batch_of(
    album: Album, latents: NDArray[np.float16], kinds: set[Kind], size: int
) -> Callable[[np.random.Generator], Batch]:
    """Draws batches of the album's latents, of the kinds of pictures."""
    allowed = np.flatnonzero(np.isin(album.numbers()[:, -1], [int(kind) for kind in kinds]))

    def drawn(rng: np.random.Generator) -> Batch:
        at = rng.choice(allowed, size)
        empty = torch.from_numpy(rng.random(size) < UNCONDITIONAL)
        return Batch(torch.from_numpy(latents[at]).float(), at, empty, rng)

    return drawn


def spread(rng: np.random.Generator, count: int, low: int, high: int) -> NDArray[np.int64]:
    """Steps from `low` to `high`, one from each of `count` equal parts: a loss that jumps less."""
    return (low + (np.arange(count) + rng.random(count)) / count * (high - low)).astype(np.int64)


def of_base(rng: np.random.Generator, size: int) -> Tensor:
    """Steps for the base: most above the refiner's."""
    few = round(LITTLE * size)
    return _steps(spread(rng, few, 0, LOW_NOISE), spread(rng, size - few, LOW_NOISE, STEPS))


def of_refiner(rng: np.random.Generator, size: int) -> Tensor:
    """Steps for the refiner: its own, and a few up to where it begins on a whole picture."""
    few = round(BEYOND * size)
    return _steps(spread(rng, few, LOW_NOISE, REACH), spread(rng, size - few, 0, LOW_NOISE))


def _steps(*parts: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(np.concatenate(parts))


def noise_loss(batch: Batch, steps: Tensor, signal: Tensor, denoise: Denoise) -> Tensor:
    """Errors of the predicted noise, heavier where little signal is left, as if the velocity were predicted."""
    left = signal[steps].view(-1, 1, 1, 1)
    noise = torch.randn_like(batch.latents)
    noised = left.sqrt() * batch.latents + (1 - left).sqrt() * noise
    error = (denoise(batch, noised, steps) - noise).square().mean(dim=(1, 2, 3))
    return (error * (1 / left.flatten()).clamp(max=HEAVIEST)).mean()


def velocity_loss(batch: Batch, steps: Tensor, signal: Tensor, denoise: Denoise) -> Tensor:
    """Errors of the predicted velocity (Salimans and Ho, arXiv:2202.00512)."""
    left = signal[steps].view(-1, 1, 1, 1)
    noise = torch.randn_like(batch.latents)
    noised = left.sqrt() * batch.latents + (1 - left).sqrt() * noise
    wanted = left.sqrt() * noise - (1 - left).sqrt() * batch.latents
    return (denoise(batch, noised, steps) - wanted).square().mean()


@torch.no_grad()
def teach_base(album: Album, clip: Clip, course: Course, folder: Path) -> UNet2DConditionModel:
    """SDXL's base, on worn pictures. An empty condition is zeros (`force_zeros_for_empty_prompt`) or an empty text."""
    unet, signal = base_unet(), kept(sdxl_scheduler())
    texts, pooled, numbers = album.texts(), album.pooled(), np.asarray(album.numbers()[:, :6])
    silence = embedded(clip, [""])

    def denoise(batch: Batch, noised: Tensor, steps: Tensor) -> Tensor:
        mute = torch.from_numpy(batch.rng.random(len(batch.at)) < EMPTY)
        text = _silenced(_rows(texts, batch), mute, silence[0])
        pool = _silenced(_rows(pooled, batch), mute, silence[1])
        spoken = (~batch.empty).float()
        added = {"text_embeds": pool * spoken[:, None], "time_ids": _rows(numbers, batch)}
        return _predicted(unet, noised, steps, text * spoken[:, None, None], added_cond_kwargs=added)

    drawn = batch_of(album, album.worn(), {Kind.CLEAN, Kind.SCALED_UP, Kind.CROPPED}, course.batch)

    @torch.enable_grad()
    def loss(rng: np.random.Generator) -> Tensor:
        return noise_loss(drawn(rng), of_base(rng, course.batch), signal, denoise)

    return _taught("base", unet, course, folder, loss, after=album.fingerprint)


@torch.no_grad()
def teach_refiner(
    album: Album, clip: Clip, base: UNet2DConditionModel, course: Course, folder: Path
) -> UNet2DConditionModel:
    """SDXL's refiner: the steps of little noise, told an aesthetic score; an empty condition is an empty text."""
    unet, signal = refiner_unet(base), kept(sdxl_scheduler())
    texts, pooled, numbers = album.texts(), album.pooled(), np.asarray(album.numbers()[:, [0, 1, 2, 3, 6]])
    silence = embedded(clip, [""])
    width = unet.config.cross_attention_dim

    def denoise(batch: Batch, noised: Tensor, steps: Tensor) -> Tensor:
        text = _silenced(_rows(texts, batch)[..., -width:], batch.empty, silence[0][..., -width:])
        pool = _silenced(_rows(pooled, batch), batch.empty, silence[1])
        added = {"text_embeds": pool, "time_ids": _rows(numbers, batch)}
        return _predicted(unet, noised, steps, text, added_cond_kwargs=added)

    drawn = batch_of(album, album.latents(), {Kind.CLEAN, Kind.DEGRADED}, course.batch)

    @torch.enable_grad()
    def loss(rng: np.random.Generator) -> Tensor:
        return noise_loss(drawn(rng), of_refiner(rng, course.batch), signal, denoise)

    return _taught("refiner", unet, course, folder, loss, after=fingerprint(base) ^ album.fingerprint)


@torch.no_grad()
def teach_unclip(
    album: Album, clip: Clip, base: UNet2DConditionModel, course: Course, folder: Path
) -> UNet2DConditionModel:
    """Stable unCLIP: told a noised embedding of the picture, and mostly no text; an empty condition is zeros."""
    unet, signal, noising = unclip_unet(base), kept(unclip_scheduler()), kept(noising_scheduler())
    texts, images = album.plain_texts(), album.images()
    mean, deviation = statistics(images)
    silence = last_layer(clip, [""])

    def denoise(batch: Batch, noised: Tensor, steps: Tensor) -> Tensor:
        wordless = torch.from_numpy(batch.rng.random(len(batch.at)) < WORDLESS) | batch.empty
        levels = batch.rng.integers(0, STEPS, len(batch.at)) * (batch.rng.random(len(batch.at)) > UNNOISED)
        labels = noised_embeddings(_rows(images, batch), torch.from_numpy(levels), mean, deviation, noising)
        text = _silenced(_rows(texts, batch), wordless, silence)
        return _predicted(unet, noised, steps, text, class_labels=labels * (~batch.empty).float()[:, None])

    drawn = batch_of(album, album.latents(), {Kind.CLEAN}, course.batch)

    @torch.enable_grad()
    def loss(rng: np.random.Generator) -> Tensor:
        steps = torch.from_numpy(spread(rng, course.batch, 0, STEPS))
        return velocity_loss(drawn(rng), steps, signal, denoise)

    return _taught("unclip", unet, course, folder, loss, after=fingerprint(base) ^ album.fingerprint)


def statistics(images: NDArray[np.float16]) -> tuple[Tensor, Tensor]:
    """Mean and deviation of embedded pictures, (1, EMBEDDING) each: what the image normalizer holds."""
    embeddings = torch.from_numpy(np.asarray(images, np.float32))
    return embeddings.mean(0, keepdim=True), embeddings.std(0, keepdim=True)


def noised_embeddings(images: Tensor, levels: Tensor, mean: Tensor, deviation: Tensor, noising: Tensor) -> Tensor:
    """(n, 2 x EMBEDDING), as diffusers' `StableUnCLIPImg2ImgPipeline.noise_image_embeddings` makes it."""
    left = noising[levels][:, None]
    noised = left.sqrt() * (images - mean) / deviation + (1 - left).sqrt() * torch.randn_like(images)
    level = get_timestep_embedding(levels, EMBEDDING, flip_sin_to_cos=True, downscale_freq_shift=0)
    return torch.cat([noised * deviation + mean, level], dim=1)


def _rows(values: NDArray[Any], batch: Batch) -> Tensor:
    return torch.from_numpy(values[batch.at]).float()


def _silenced(told: Tensor, where: Tensor, silence: Tensor) -> Tensor:
    return torch.where(where.view(-1, *[1] * (told.ndim - 1)), silence, told)


def _predicted(unet: UNet2DConditionModel, noised: Tensor, steps: Tensor, text: Tensor, **told: Any) -> Tensor:
    made: Tensor = unet(noised, steps, encoder_hidden_states=text, **told).sample
    return made


def _taught(
    name: str, unet: UNet2DConditionModel, course: Course, folder: Path, loss: Any, *, after: int
) -> UNet2DConditionModel:
    with torch.enable_grad():
        average = Lesson(name, unet, course, folder, after).teach(loss)
    assert isinstance(average, UNet2DConditionModel)  # noqa: S101  # a copy of what was taught
    return average
