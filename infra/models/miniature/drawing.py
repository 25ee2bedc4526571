"""Draws a scene. Everything by chance (where exactly, how large exactly) comes from the generator that is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from infra.models.miniature.scene import COLOURS, Scene

SIDE = 64  # pixels
FINE = 4  # pixels are drawn so many times finer, and averaged
RADII = {("one", "large"): 19.0, ("one", "small"): 11.0, ("two", "large"): 14.0, ("two", "small"): 10.0}
RADIUS_OF_THREE = 9.5
SPREAD = {"two": 2.15, "three": 2.05}  # radii from one centre to the next
CENTRES = {"left": (0.3, 0.5), "right": (0.7, 0.5), "top": (0.5, 0.3), "bottom": (0.5, 0.7), "centre": (0.5, 0.5)}
TILE = 8  # stripes are as wide as a latent's cell, dots twice as far apart
BRIGHT = 140  # a ground whose channels are more than this, on average, has a darker second shade
DOT = 2.4
LINE = 2.5  # pixels of an outline

Picture = NDArray[np.uint8]  # (side, side, 3)
Polygon = list[tuple[float, float]]


def draw(scene: Scene, rng: np.random.Generator, side: int = SIDE) -> Picture:
    """The scene, `side` x `side` pixels of 8 bits."""
    image = Image.fromarray(ground(scene)).resize((SIDE * FINE,) * 2, Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for thing in things(scene, rng):
        thing.drawn(pen, scene)
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def degraded(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """The picture blurred, faded, noisy and blotched; severity from 0 (as it is) to 1."""
    blurred = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2.2 * severity))
    faded = 128 + (np.asarray(blurred, np.float32) - 128) * (1 - 0.35 * severity)
    noisy = faded + rng.normal(0, 16 * severity, picture.shape) + _blotches(40 * severity, rng)
    return noisy.clip(0, 255).round().astype(np.uint8)


def _blotches(deviation: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise as coarse as a latent's cell, since the VAE keeps nothing finer."""
    coarse = rng.normal(0, deviation, (3, SIDE // TILE, SIDE // TILE)).astype(np.float32)
    channels = (Image.fromarray(each).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for each in coarse)
    return np.stack([np.asarray(each) for each in channels], axis=-1)


@dataclass(frozen=True)
class Thing:
    """A shape at (x, y) with a radius, in pixels of a drawing of `SIDE`."""

    x: float
    y: float
    radius: float

    def drawn(self, pen: ImageDraw.ImageDraw, scene: Scene) -> None:
        """Draw it, with an outline in ink where the style says so."""
        colour = COLOURS[scene.colour]
        if scene.style == "flat":
            self._filled(pen, scene.shape, colour, 0.0)
            return
        self._filled(pen, scene.shape, COLOURS["white" if scene.colour == "black" else "black"], 0.0)
        self._filled(pen, scene.shape, colour, LINE / self.radius)

    def _filled(self, pen: ImageDraw.ImageDraw, shape: str, colour: tuple[int, int, int], inset: float) -> None:
        if shape == "ring":
            width = (0.46 - 2 * inset * 0.75) * self.radius * FINE
            pen.ellipse(self._box(1.0 - inset * 0.75), outline=colour, width=round(width))
        elif shape == "circle":
            pen.ellipse(self._box(1.0 - inset), fill=colour)
        else:
            scale = (1.0 - inset * NARROW.get(shape, 1.0)) * self.radius
            points = ((self.x + scale * px, self.y + scale * py) for px, py in POLYGONS[shape])
            pen.polygon([(x * FINE, y * FINE) for x, y in points], fill=colour)

    def _box(self, scale: float) -> tuple[float, float, float, float]:
        reach = scale * self.radius
        edges = (self.x - reach, self.y - reach, self.x + reach, self.y + reach)
        left, top, right, bottom = (edge * FINE for edge in edges)
        return left, top, right, bottom


def things(scene: Scene, rng: np.random.Generator) -> list[Thing]:
    """Where the things stand: side by side, or one above the other at the left and the right."""
    radius = RADII.get((scene.count, scene.size), RADIUS_OF_THREE) * rng.uniform(0.94, 1.06)
    count = {"one": 1, "two": 2, "three": 3}[scene.count]
    upright = scene.place in {"left", "right"}
    places = (np.arange(count) - (count - 1) / 2) * SPREAD.get(scene.count, 0.0) * radius
    x, y = np.asarray(CENTRES[scene.place]) * SIDE + rng.uniform(-2.5, 2.5, 2)
    placed = [(x, y + along) if upright else (x + along, y) for along in places]
    fits = (radius + 1, SIDE - radius - 1)
    return [Thing(float(np.clip(px, *fits)), float(np.clip(py, *fits)), radius) for px, py in placed]


def ground(scene: Scene) -> Picture:
    """The ground alone: its colour, and where it has a texture a second shade of it."""
    colour = np.asarray(COLOURS[scene.ground], np.float32)
    other = 0.0 if colour.mean() > BRIGHT else 255.0
    second = colour + 0.4 * (other - colour)
    share = SHARES[scene.texture]()[..., None]
    made: Picture = (colour + share * (second - colour)).round().astype(np.uint8)
    return made


def _plain() -> NDArray[np.float32]:
    return np.zeros((SIDE, SIDE), np.float32)


def _striped() -> NDArray[np.float32]:
    return np.broadcast_to(np.arange(SIDE) // TILE % 2, (SIDE, SIDE)).astype(np.float32)


def _gradient() -> NDArray[np.float32]:
    return np.broadcast_to(np.linspace(0, 1.3, SIDE)[:, None], (SIDE, SIDE)).astype(np.float32)


def _dotted() -> NDArray[np.float32]:
    away = (np.arange(SIDE) + 0.5) % (2 * TILE) - TILE
    distance = np.hypot(away[:, None], away[None, :])
    return np.clip(DOT - distance + 0.5, 0, 1).astype(np.float32)


SHARES: Mapping[str, Callable[[], NDArray[np.float32]]] = {
    "plain": _plain,
    "striped": _striped,
    "gradient": _gradient,
    "dotted": _dotted,
}


def _star() -> Polygon:
    reach = [1.05, 0.42] * 5
    return [(r * np.sin(k * np.pi / 5), -r * np.cos(k * np.pi / 5)) for k, r in enumerate(reach)]


def _heart() -> Polygon:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(turn) ** 3
    y = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    return [(float(px) / 16, -float(py + 2.5) / 15.5) for px, py in zip(x, y, strict=True)]


def _cross() -> Polygon:
    arm, reach = 0.33, 0.98
    corner = [(arm, -reach), (arm, -arm), (reach, -arm), (reach, arm), (arm, arm), (arm, reach)]
    return [*corner, *((-x, y) for x, y in reversed(corner))]


POLYGONS: Mapping[str, Polygon] = {
    "square": [(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)],
    "triangle": [(0.0, -1.0), (0.98, 0.82), (-0.98, 0.82)],
    "star": _star(),
    "heart": _heart(),
    "cross": _cross(),
}
NARROW = {"star": 1.9, "triangle": 1.6, "heart": 1.2, "cross": 1.0}  # an inset as wide as the line, toward the middle
