"""Captions: a scene in words, in several wordings; and captions that name a part of it, as short prompts do."""

import numpy as np

from infra.models.miniature.scene import PLURALS, Scene

SIZE_NAMED = 0.85  # of the captions
PLACE_NAMED = {"centre": 0.35}
PLACE_NAMED_ELSEWHERE = 0.85
PLAIN_NAMED = 0.15
ONE_NAMED = 0.15  # of what would be `a`
MOST_OFTEN = 0.6  # of the wordings, the plain one: `a large red circle on a blue background`


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """One wording of the scene. The centre is named now and then, another place and the size mostly."""
    named = rng.random() < PLACE_NAMED.get(scene.place, PLACE_NAMED_ELSEWHERE)
    place = f" {_place(scene.place)}" if named else ""
    things = _things(scene, size=bool(rng.random() < SIZE_NAMED), one=bool(rng.random() < ONE_NAMED))
    ground = _ground(scene, plain=bool(rng.random() < PLAIN_NAMED))
    if rng.random() < MOST_OFTEN:
        return f"{things}{place} on a {ground}"
    return f"{things}{place}, {ground}"


def full_caption(scene: Scene) -> str:
    """The wording that names everything but a plain ground and a flat style, for questions."""
    return f"{_things(scene, size=True)} {_place(scene.place)} on a {_ground(scene, plain=False)}"


def partial_caption(scene: Scene, rng: np.random.Generator) -> str:
    """A few words of the scene: what negative prompts and short prompts look like."""
    parts = (scene.colour, scene.shape, f"{scene.colour} {scene.shape}", f"{scene.ground} background",
             f"a {scene.size} {scene.shape} on a {scene.ground} background",
             scene.texture, scene.size, f"a {scene.shape}", _ground(scene, plain=True))  # fmt: skip
    return str(rng.choice(parts))


def _things(scene: Scene, *, size: bool, one: bool = False) -> str:
    single = scene.count == "one"
    adjectives = [scene.size] * size + [scene.style] * (scene.style == "outlined") + [scene.colour]
    article = scene.count if one or not single else "an" if adjectives[0][0] in "aeiou" else "a"
    return " ".join([article, *adjectives, scene.shape if single else PLURALS[scene.shape]])


def _place(place: str) -> str:
    return f"in the {place}" if place == "centre" else f"at the {place}"


def _ground(scene: Scene, *, plain: bool) -> str:
    texture = [scene.texture] if plain or scene.texture != "plain" else []
    return " ".join([*texture, scene.ground, "background"])
