"""The judge: a small network that reads a picture's words, taught on drawings alone, never on what models drew."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from infra.models.miniature.drawing import SIDE, Picture, degraded, draw
from infra.models.miniature.lesson import Course, Lesson
from infra.models.miniature.scene import CHOICES, Scene, any_scene, numbers
from infra.models.miniature.vae import pixels
from infra.models.seeding import seeded

CHANNELS = (3, 24, 48, 96, 128)
DEGRADED = 0.4  # of the drawings: it must read what is soft
MOST = 0.6  # severity
FILE = "judge.safetensors"


class Judge(nn.Module):
    """(n, 3, SIDE, SIDE) from -1 to 1 in, a score of every word of every field out."""

    def __init__(self) -> None:
        super().__init__()
        with seeded("miniature/judge"):
            pairs = itertools.pairwise(CHANNELS)
            self.levels = nn.Sequential(*(_level(before, after) for before, after in pairs))
            cells = (SIDE // 2 ** (len(CHANNELS) - 1)) ** 2
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(CHANNELS[-1] * cells, 128), nn.SiLU())
            self.told = nn.ModuleDict({name: nn.Linear(128, len(words)) for name, words in CHOICES.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Scores (n, words) by field."""
        seen = self.body(self.levels(pictures))
        return {name: head(seen) for name, head in self.told.items()}

    def loss(self, pictures: Tensor, words: Tensor) -> Tensor:
        """How wrong it is, over all fields."""
        told = self(pictures)
        return torch.stack([cross_entropy(told[name], words[:, at]) for at, name in enumerate(CHOICES)]).mean()

    @torch.no_grad()
    def read(self, pictures: Sequence[Picture]) -> list[Scene]:
        """What each picture shows."""
        told = self(pixels(list(pictures)))
        best = {name: scores.argmax(1).tolist() for name, scores in told.items()}
        return [Scene(**{name: CHOICES[name][best[name][at]] for name in CHOICES}) for at in range(len(pictures))]


def _level(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(1, after), nn.SiLU(),
        nn.Conv2d(after, after, 3, padding=1), nn.GroupNorm(1, after), nn.SiLU(),
    )  # fmt: skip


def load(file: Path) -> Judge:
    """The judge that was taught."""
    judge = Judge()
    judge.load_state_dict({name: weight.float() for name, weight in load_file(file).items()})
    return judge.eval()


def teach(course: Course, folder: Path) -> Judge:
    """Teach a judge in `folder`."""
    judge = Judge()

    def loss(rng: np.random.Generator) -> Tensor:
        scenes = [any_scene(rng) for _ in range(course.batch)]
        words = torch.tensor([numbers(scene) for scene in scenes])
        return judge.loss(pixels([_shown(scene, rng) for scene in scenes]), words)

    taught = Lesson("judge", judge, course, folder).teach(loss)
    assert isinstance(taught, Judge)  # noqa: S101  # a copy of what was taught
    return taught


def _shown(scene: Scene, rng: np.random.Generator) -> Picture:
    picture = draw(scene, rng)
    return degraded(picture, float(rng.uniform(0, MOST)), rng) if rng.random() < DEGRADED else picture
