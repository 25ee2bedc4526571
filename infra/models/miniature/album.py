"""What the UNets are taught on, encoded once: latents, embedded captions, embedded pictures, numbers.

An entry is drawn from its number alone, so that an album is the same however often its making was stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from infra.models.miniature.captions import caption, partial_caption
from infra.models.miniature.clip import Clip, tokens
from infra.models.miniature.drawing import SIDE, Picture, degraded, draw
from infra.models.miniature.lesson import SEED, fingerprint
from infra.models.miniature.scene import any_scene
from infra.models.miniature.vae import pixels

SHORT = 0.12  # of the captions name a part of the scene
CLEAN_SCORE, WORST_SCORE = 6.0, 2.0  # aesthetic; diffusers' defaults are 6 (wanted) and 2.5 (not wanted)
WORN = (0.1, 0.4)  # the severity of what every picture has gone through before the base sees it
CHUNK = 128
WIDEST = 96  # pixels a side that a drawing was cropped from, at most


class Kind(IntEnum):
    """What was done to a drawing."""

    CLEAN = 0
    SCALED_UP = 1
    CROPPED = 2
    DEGRADED = 3


KINDS = (0.58, 0.08, 0.08, 0.26)


@dataclass(frozen=True)
class Entry:
    """A picture, its caption and the numbers that condition a UNet on it."""

    picture: Picture
    caption: str
    kind: Kind
    numbers: tuple[int, ...]
    """Original height and width, top and left of the crop, target height and width."""
    score: float
    worn: Picture
    """The picture as it is found: a little degraded."""


def entry(number: int) -> Entry:
    """Entry `number` of the album."""
    rng = np.random.default_rng((SEED, 11, number))
    scene, kind = any_scene(rng), Kind(rng.choice(len(Kind), p=KINDS))
    words = (partial_caption if rng.random() < SHORT else caption)(scene, rng)
    severity = float(rng.uniform(0.15, 1)) if kind is Kind.DEGRADED else 0.0
    picture, numbers = _made(draw(scene, rng), kind, rng)
    if kind is Kind.CROPPED:
        picture, numbers = _cropped(draw(scene, rng, side := int(rng.integers(SIDE + 8, WIDEST + 1))), side, rng)
    score = CLEAN_SCORE - severity * (CLEAN_SCORE - WORST_SCORE)
    worn = degraded(picture, float(rng.uniform(*WORN)), rng)
    return Entry(degraded(picture, severity, rng) if severity else picture, words, kind, numbers, score, worn)


def _made(picture: Picture, kind: Kind, rng: np.random.Generator) -> tuple[Picture, tuple[int, ...]]:
    side = int(rng.integers(16, 49)) if kind is Kind.SCALED_UP else SIDE
    if side != SIDE:
        small = Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)
        picture = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return picture, (side, side, 0, 0, SIDE, SIDE)


def _cropped(picture: Picture, side: int, rng: np.random.Generator) -> tuple[Picture, tuple[int, ...]]:
    top, left = (int(at) for at in rng.integers(0, side - SIDE + 1, 2))
    return picture[top : top + SIDE, left : left + SIDE], (side, side, top, left, SIDE, SIDE)


class Album:
    """Encoded entries in files of `folder`; each is made when it is first asked for."""

    def __init__(self, folder: Path, size: int, vae: AutoencoderKL, clip: Clip) -> None:
        self._folder, self.size, self._vae, self._clip = folder, size, vae, clip

    def latents(self) -> NDArray[np.float16]:
        """(size, 4, side / 8, side / 8), of deviation 1."""
        return self._encoded("latents", lambda some: _latents(self._vae, [each.picture for each in some]))

    def worn(self) -> NDArray[np.float16]:
        """(size, 4, side / 8, side / 8): latents of the worn pictures."""
        return self._encoded("worn", lambda some: _latents(self._vae, [each.worn for each in some]))

    def texts(self) -> NDArray[np.float16]:
        """(size, LENGTH, both widths): penultimate layers of both towers, as SDXL reads them."""
        return self._encoded("texts", lambda some: embedded(self._clip, [each.caption for each in some])[0])

    def pooled(self) -> NDArray[np.float16]:
        """(size, EMBEDDING): the second tower's projected text."""
        return self._encoded("pooled", lambda some: embedded(self._clip, [each.caption for each in some])[1])

    def plain_texts(self) -> NDArray[np.float16]:
        """(size, LENGTH, second width): the last layer, normed, as Stable unCLIP reads it."""
        return self._encoded("plain_texts", lambda some: last_layer(self._clip, [each.caption for each in some]))

    def images(self) -> NDArray[np.float16]:
        """(size, EMBEDDING): the pictures, embedded by the vision tower."""
        return self._encoded("images", lambda some: seen(self._clip, [each.picture for each in some]))

    def numbers(self) -> NDArray[np.float16]:
        """(size, 6 + 2): the numbers of `Entry`, its score and its kind."""
        return self._encoded(
            "numbers", lambda some: torch.tensor([(*each.numbers, each.score, each.kind) for each in some])
        )

    @property
    def fingerprint(self) -> int:
        """Tells the models that encode it from others."""
        return fingerprint(self._vae.encoder, self._vae.quant_conv, self._clip)

    @torch.no_grad()
    def _encoded(self, name: str, encode: Callable[[list[Entry]], Tensor]) -> NDArray[np.float16]:
        path = self._folder / f"album-{self.fingerprint:08x}-{self.size}-{name}.npy"
        if not path.exists():
            starts = range(0, self.size, CHUNK)
            chunks = [encode([entry(at) for at in range(start, min(start + CHUNK, self.size))]) for start in starts]
            part = path.with_suffix(".part.npy")
            np.save(part, np.concatenate([chunk.numpy().astype(np.float16) for chunk in chunks]))
            part.replace(path)
        made: NDArray[np.float16] = np.load(path, mmap_mode="r")
        return made


def _latents(vae: AutoencoderKL, pictures: list[Picture]) -> Tensor:
    return vae.encode(pixels(pictures)).latent_dist.mean.contiguous() * vae.config.scaling_factor


def embedded(clip: Clip, prompts: list[str]) -> tuple[Tensor, Tensor]:
    """Prompts as SDXL's base reads them: (n, LENGTH, both widths) and the pooled (n, EMBEDDING)."""
    first = clip.text(tokens(prompts), output_hidden_states=True).hidden_states[-2]
    second = clip.text_2(tokens(prompts, pad="!"), output_hidden_states=True)
    return torch.cat([first, second.hidden_states[-2]], dim=-1), second.text_embeds


def last_layer(clip: Clip, prompts: list[str]) -> Tensor:
    """Prompts as Stable unCLIP reads them, (n, LENGTH, second width)."""
    made: Tensor = clip.text_2.text_model(tokens(prompts, pad="!")).last_hidden_state
    return made


def seen(clip: Clip, pictures: list[Picture]) -> Tensor:
    """Pictures as the vision tower embeds them, (n, EMBEDDING)."""
    made: Tensor = clip.vision(pixels(pictures)).image_embeds
    return made
