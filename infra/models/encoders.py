"""The CLIP encoders: text (CLIP-L, bigG with projection, OpenCLIP-H) and image (ViT-H with projection), made small."""

from typing import Any

from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from infra.models.seeding import seeded
from infra.models.tokenizers import END, MAX_LENGTH, START, vocabulary

LOUD = 4.0  # weights at CLIP's own scale are so quiet at these widths that no prompt would change the picture
VISION_SIZE = 32


def text_config(width: int, *, layers: int, act: str) -> CLIPTextConfig:
    """CLIP's text tower, `width` channels wide; SDXL reads its penultimate layer."""
    ids = vocabulary()
    return CLIPTextConfig(
        vocab_size=len(ids),
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=MAX_LENGTH,
        hidden_act=act,
        initializer_factor=LOUD,
        bos_token_id=ids[START],
        eos_token_id=ids[END],
        pad_token_id=ids[END],
    )


def text_encoder(name: str, width: int, *, layers: int = 3, act: str = "quick_gelu") -> CLIPTextModel:
    """A text encoder without projection."""
    with seeded(name):
        return CLIPTextModel(text_config(width, layers=layers, act=act)).eval()


def projecting_text_encoder(name: str, width: int, *, layers: int = 3) -> CLIPTextModelWithProjection:
    """A text encoder that also pools and projects, as SDXL's second one."""
    with seeded(name):
        return CLIPTextModelWithProjection(text_config(width, layers=layers, act="gelu")).eval()


def image_encoder(name: str, projection: int) -> CLIPVisionModelWithProjection:
    """The image encoder of Stable unCLIP."""
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=128,
        projection_dim=projection,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=VISION_SIZE,
        patch_size=8,
        hidden_act="gelu",
        initializer_factor=LOUD,
    )
    with seeded(name):
        return CLIPVisionModelWithProjection(config).eval()


def feature_extractor() -> CLIPImageProcessorPil:
    """The image processor on Pillow, named on purpose: torchvision's gives other pixels."""
    size: dict[str, Any] = {"size": {"shortest_edge": VISION_SIZE}}
    return CLIPImageProcessorPil(**size, crop_size={"height": VISION_SIZE, "width": VISION_SIZE})
