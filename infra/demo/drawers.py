"""Who draws the demo: models that somebody named, else the miniatures, else small models with random weights. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.models.miniature.scene import COLOURS, COUNTS, PLACES, SHAPES, SIZES, TEXTURES
from latentrelay import Variation
from latentrelay.cli.models import NAMED_BY, are_named, folder_of_models
from latentrelay.settings import Settings

SMALL_MODELS = Path("models/small")
NAMING = "LATENTRELAY_SDXL_BASE_MODEL, LATENTRELAY_SDXL_REFINER_MODEL and LATENTRELAY_UNCLIP_MODEL"

VARIED = float(Variation.model_fields["guidance_scale"].default)  # made for the real model
PLAIN, ROOMY = 0, 600  # noise levels
VARIED_SMALL = 3.0  # what small models bear: more drives their colours beyond what they know
STAR, RED_STAR = (
    "a large yellow star at the left, striped blue background",
    "a large red star at the left, striped blue background",
)


@dataclass(frozen=True)
class Drawers:
    """Models, what they are asked for, and what is told of them at the end.

    Args:
        folder: where the models are; None: where the settings say.
        prompt: of the picture, where the reader says no other.
        steering: the prompt of the last variation: another one, so that its effect is seen.
        guidance: of the variations.
        noise_level: of the steered one: noise on what is seen leaves room for words.
        told: lines.
    """

    folder: Path | None
    prompt: str
    steering: str
    guidance: float
    noise_level: int
    told: tuple[str, ...]


def drawers(settings: Settings, miniatures: Path | None) -> Drawers:
    """Who draws with `settings`; `miniatures` is where they are, if at all."""
    prompt, steering = "a lighthouse on a cliff at dawn", "a lighthouse in a storm at night"
    if are_named(settings):
        return Drawers(None, prompt, steering, VARIED, PLAIN, _told_of_named(settings))
    if folder := folder_of_models(settings, None, miniatures):
        return Drawers(folder, STAR, RED_STAR, VARIED_SMALL, ROOMY, tuple(_told_of_miniatures()))
    return Drawers(SMALL_MODELS, prompt, steering, VARIED, PLAIN, _TOLD_OF_RANDOM)


def _told_of_named(settings: Settings) -> tuple[str, ...]:
    names = [str(getattr(settings, setting)) for setting in NAMED_BY.values()]
    return (f"They were drawn by {', '.join(names)}.",)


_TOLD_OF_RANDOM = (
    "They were drawn by small models with random weights: real pipelines, no sense. Name real ones with",
    f"{NAMING}.",
)


def _told_of_miniatures() -> Iterator[str]:
    yield "They were drawn by miniatures: SDXL and Stable unCLIP in small, which know coloured shapes by these words:"
    for words in (COUNTS, SIZES, tuple(COLOURS), SHAPES, PLACES, TEXTURES):
        yield f"  {', '.join(words)}{' background' if words is TEXTURES else ''}"
    yield 'Say others: PROMPT="a large red circle on a blue background" make demo. Name real models with'
    yield f"{NAMING}."
