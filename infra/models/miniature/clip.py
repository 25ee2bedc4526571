"""A small CLIP: two text towers and a vision tower that agree on drawings and their captions.

Beside CLIP's contrast (Radford et al., arXiv:2103.00020) every tower's embedding is asked for the words of the scene:
with batches of a few dozen, contrast alone would need millions of pairs to tell a heart from a star.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from infra.models.miniature.captions import caption, partial_caption
from infra.models.miniature.drawing import SIDE, Picture, degraded, draw
from infra.models.miniature.lesson import Course, Lesson
from infra.models.miniature.scene import CHOICES, Scene, any_scene, numbers
from infra.models.miniature.tokens import END, LENGTH, START, tokenizer, vocabulary
from infra.models.miniature.vae import pixels
from infra.models.seeding import seeded

WIDTH, WIDTH_2 = 64, 96  # of the two text towers (768 and 1,280)
EMBEDDING = 96  # what the towers agree in (1,280; unCLIP's 1,024)
MEAN, DEVIATION = 0.5, 0.5  # of the image processor: pictures from -1 to 1
DEGRADED = 0.1
SHORT = 0.1  # of the captions are a few words
ROVING = "place"  # a picture is not asked where its things stand: variations shall move them


class Clip(nn.Module):
    """The three towers, and the heads that only teaching needs."""

    def __init__(self) -> None:
        super().__init__()
        with seeded("miniature/clip"):
            self.text = CLIPTextModel(_text(WIDTH, "quick_gelu"))
            self.text_2 = CLIPTextModelWithProjection(_text(WIDTH_2, "gelu"))
            self.vision = CLIPVisionModelWithProjection(_vision())
            self.project = nn.Linear(WIDTH, EMBEDDING, bias=False)
            self.scale = nn.Parameter(torch.tensor(2.0))
            self.told = nn.ModuleDict({name: nn.Linear(EMBEDDING, len(words)) for name, words in CHOICES.items()})

    def texts(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Both text towers' embeddings, (n, EMBEDDING) each."""
        first = self.project(self.text(tokens(prompts, full=False)).pooler_output)
        return first, self.text_2(tokens(prompts, pad="!", full=False)).text_embeds

    def loss(self, pictures: Tensor, captions: list[str], words: Tensor) -> Tensor:
        """Contrast, and the words of the scene; `words` is (n, fields) of `numbers`."""
        image = self.vision(pictures).image_embeds
        texts = self.texts(captions)
        contrast = sum((self._contrast(image, text) for text in texts), torch.zeros(()))
        named = self._words(image, words, leave=ROVING) + sum(self._words(text, words) for text in texts)
        return contrast + named

    def _contrast(self, image: Tensor, text: Tensor) -> Tensor:
        likeness = normalize(image, dim=-1) @ normalize(text, dim=-1).T * self.scale.exp()
        each = torch.arange(len(image))
        return (cross_entropy(likeness, each) + cross_entropy(likeness.T, each)) / 4

    def _words(self, embedding: Tensor, words: Tensor, leave: str = "") -> Tensor:
        asked = [(at, name) for at, name in enumerate(CHOICES) if name != leave]
        return torch.stack([cross_entropy(self.told[name](embedding), words[:, at]) for at, name in asked]).mean()


def _text(width: int, act: str) -> CLIPTextConfig:
    ids = vocabulary()
    return CLIPTextConfig(
        vocab_size=len(ids), hidden_size=width, intermediate_size=4 * width, projection_dim=EMBEDDING,
        num_hidden_layers=3, num_attention_heads=width // 32, max_position_embeddings=LENGTH, hidden_act=act,
        bos_token_id=ids[START], eos_token_id=ids[END], pad_token_id=ids[END],
    )  # fmt: skip


def _vision() -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=96, intermediate_size=384, projection_dim=EMBEDDING, num_hidden_layers=5, num_attention_heads=4,
        image_size=SIDE, patch_size=8, hidden_act="gelu",
    )  # fmt: skip


def tokens(prompts: list[str], pad: str = END, *, full: bool = True) -> Tensor:
    """Token ids as the pipelines make them, (n, LENGTH); not `full`: as many as the longest needs."""
    padding = "max_length" if full else "longest"
    made = tokenizer(pad)(prompts, padding=padding, max_length=LENGTH, truncation=True, return_tensors="pt")
    return torch.as_tensor(made.input_ids)


def feature_extractor() -> CLIPImageProcessorPil:
    """The image processor on Pillow; torchvision's gives other pixels."""
    return CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, image_mean=[MEAN] * 3,
        image_std=[DEVIATION] * 3,
    )  # fmt: skip


def shown(scene: Scene, rng: np.random.Generator) -> Picture:
    """A drawing of the scene, degraded now and then: what is shown stays the same."""
    picture = draw(scene, rng)
    return degraded(picture, float(rng.random()), rng) if rng.random() < DEGRADED else picture


def teach(course: Course, folder: Path) -> Clip:
    """Teach the towers in `folder`."""
    clip = Clip()

    def loss(rng: np.random.Generator) -> Tensor:
        scenes = [any_scene(rng) for _ in range(course.batch)]
        captions = [(partial_caption if rng.random() < SHORT else caption)(scene, rng) for scene in scenes]
        words = torch.tensor([numbers(scene) for scene in scenes])
        return clip.loss(pixels([shown(scene, rng) for scene in scenes]), captions, words)

    taught = Lesson("clip", clip, course, folder).teach(loss)
    assert isinstance(taught, Clip)  # noqa: S101  # the average is a copy of what was taught
    return taught
