"""The world that the miniatures know: what a drawing shows, as a value; and which compositions are never trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zlib import crc32

import numpy as np

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "green": (36, 150, 62),
    "blue": (42, 84, 214),
    "yellow": (248, 216, 40),
    "orange": (245, 132, 24),
    "purple": (128, 44, 168),
    "white": (250, 250, 250),
    "black": (18, 18, 22),
    "grey": (128, 130, 134),
    "pink": (248, 150, 196),
}
SHAPES = ("circle", "square", "triangle", "star", "ring", "cross", "heart")
PLURALS: Mapping[str, str] = {shape: f"{shape}s" for shape in SHAPES if shape != "cross"} | {"cross": "crosses"}
COUNTS = ("one", "two", "three")
SIZES = ("small", "large")
PLACES = ("left", "right", "top", "bottom", "centre")
TEXTURES = ("plain", "striped", "dotted", "gradient")
STYLES = ("flat", "outlined")
HELD_OUT = 8  # one composition in so many is never trained on


@dataclass(frozen=True)
class Scene:
    """One to three equal things on a ground; every field is a word of the captions."""

    shape: str
    colour: str
    count: str
    size: str
    place: str
    ground: str
    texture: str
    style: str

    @property
    def held_out(self) -> bool:
        """Whether its composition (shape, colour, ground) is kept from training."""
        return crc32(f"{self.shape} {self.colour} {self.ground}".encode()) % HELD_OUT == 0


CHOICES: Mapping[str, Sequence[str]] = {
    "shape": SHAPES,
    "colour": tuple(COLOURS),
    "count": COUNTS,
    "size": SIZES,
    "place": PLACES,
    "ground": tuple(COLOURS),
    "texture": TEXTURES,
    "style": STYLES,
}
LIKELIHOODS: Mapping[str, Sequence[float]] = {
    "count": (0.6, 0.25, 0.15),
    "size": (0.4, 0.6),
    "place": (0.15, 0.15, 0.15, 0.15, 0.4),
    "texture": (0.4, 0.2, 0.2, 0.2),
    "style": (0.8, 0.2),
}


def any_scene(rng: np.random.Generator, *, held_out: bool = False) -> Scene:
    """A scene by chance, of the held-out compositions or of the others. Three are always small: no more fit."""
    while True:
        words = {name: rng.choice(choices, p=LIKELIHOODS.get(name)) for name, choices in CHOICES.items()}
        scene = Scene(**{name: str(word) for name, word in words.items()})
        if scene.colour != scene.ground and scene.held_out is held_out:
            return with_room(scene)


def with_room(scene: Scene) -> Scene:
    """The scene itself, or the small one where three large things would not fit."""
    return changed(scene, size="small") if scene.count == "three" else scene


def changed(scene: Scene, **words: Any) -> Scene:
    """The scene with other words in some fields."""
    return Scene(**{field.name: words.get(field.name, getattr(scene, field.name)) for field in fields(Scene)})


def numbers(scene: Scene) -> list[int]:
    """Each field as the place of its word among its choices, in the order of `CHOICES`."""
    return [list(choices).index(getattr(scene, name)) for name, choices in CHOICES.items()]
