"""What the models are asked when they are measured: compositions that none of them was ever trained on."""

from dataclasses import dataclass

import numpy as np

from infra.models.miniature.captions import full_caption
from infra.models.miniature.drawing import Picture, draw
from infra.models.miniature.lesson import SEED
from infra.models.miniature.scene import CHOICES, Scene, any_scene, changed

ASKED = 13  # beside 11, from which the album is drawn
UNSAID = {"texture": "plain", "style": "flat"}  # captions do not say these words


@dataclass(frozen=True)
class Question:
    """A prompt, and the scene that a right answer shows."""

    number: int
    """Its place among the questions; also the seed of what is drawn for it."""
    scene: Scene
    prompt: str
    named: frozenset[str]
    """The fields of the scene that the prompt names."""

    @property
    def picture(self) -> Picture:
        """A true drawing of the scene."""
        return draw(self.scene, np.random.default_rng((SEED, ASKED, self.number, 1)))

    @property
    def other_colour(self) -> str:
        """A colour that the scene does not have."""
        free = [colour for colour in CHOICES["colour"] if colour not in {self.scene.colour, self.scene.ground}]
        return free[self.number % len(free)]


def questions(count: int) -> list[Question]:
    """The first `count` questions; each is the same whatever the count."""
    return [_question(number) for number in range(count)]


def simple(question: Question) -> Scene:
    """The scene with one plain thing in the middle of a plain ground: easy to tell from the ground, pixel by pixel."""
    return changed(question.scene, count="one", place="centre", texture="plain", style="flat")


def unplaced(scene: Scene) -> str:
    """The prompt that does not say where."""
    things, _, ground = full_caption(scene).partition(" on a ")
    return f"{things.rsplit(' ', 3)[0]} on a {ground}"


def colourless(question: Question) -> str:
    """A prompt that leaves the colour of the thing to the model; the ground is never red."""
    ground = "white" if question.scene.ground == "red" else question.scene.ground
    return f"a {question.scene.size} {question.scene.shape} on a {ground} background"


def _question(number: int) -> Question:
    scene = any_scene(np.random.default_rng((SEED, ASKED, number)), held_out=True)
    named = (field for field in CHOICES if getattr(scene, field) != UNSAID.get(field))
    return Question(number, scene, full_caption(scene), frozenset(named))
