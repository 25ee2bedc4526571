"""Variations of true drawings: what they keep, how they differ, and how noise and words steer them."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from infra.models.miniature.captions import full_caption
from infra.models.miniature.drawing import Picture
from infra.models.miniature.figures import Row, gain, mean, share
from infra.models.miniature.looks import difference, middle
from infra.models.miniature.obedience import agree
from infra.models.miniature.questions import Question
from infra.models.miniature.scene import Scene, changed
from infra.models.miniature.studio import VARIED_REAL, Studio

KEPT = ("colour", "shape", "count", "ground", "texture", "style")  # the place shall change, and size follows it
GOAL = 0.9
LEVELS = (0, 300, 600, 900)
STEERED = 600
ANOTHER_SEED = 100_000


def variation(studio: Studio, asked: Sequence[Question]) -> Iterator[Row]:
    """Rows of variations without a prompt, with noise, and with a prompt."""
    given = [question.picture for question in asked]
    inputs = studio.seen(given)
    varied = {level: studio.varied(given, noise_level=level) for level in LEVELS}
    seen = {level: studio.seen(pictures) for level, pictures in varied.items()}
    yield from _likeness(inputs, seen[0])
    scenes = [question.scene for question in asked]
    yield from _kept(scenes, studio.read(varied[0]))
    strong = studio.read(studio.varied(given, guidance_scale=VARIED_REAL))
    yield mean("variation at guidance 10, the default: attributes kept", _shares(scenes, strong))
    other = studio.varied(given, first_seed=ANOTHER_SEED)
    yield from _differing(given, varied[0], other)
    yield _moved(scenes, varied[0], other)
    yield from _noised([_cosines(inputs, seen[level]) for level in LEVELS])
    yield from _steered(studio, asked, given, varied[STEERED])


def _likeness(inputs: Tensor, varied: Tensor) -> Iterator[Row]:
    own, strange = _cosines(inputs, varied), _cosines(inputs, varied.roll(1, dims=0))
    yield mean("variation: likeness to its input (cosine)", own)
    yield mean("variation: likeness to another's input (cosine)", strange)
    yield gain("variation: more like its input than another's", own, strange)


def _kept(scenes: Sequence[Scene], read: Sequence[Scene]) -> Iterator[Row]:
    hits = _hits(scenes, read)
    yield mean("variation: attributes kept", _shares(scenes, read), GOAL)
    yield share("variation: all of them kept", [all(each) for each in zip(*hits.values(), strict=True)])
    for field, kept in hits.items():
        yield share(f"variation keeps {field}", kept)


def _hits(scenes: Sequence[Scene], read: Sequence[Scene]) -> dict[str, list[bool]]:
    pairs = list(zip(scenes, read, strict=True))
    return {field: [agree(one, other, frozenset({field})) for one, other in pairs] for field in KEPT}


def _shares(scenes: Sequence[Scene], read: Sequence[Scene]) -> list[float]:
    """How much of each scene is read again."""
    return [sum(each) / len(KEPT) for each in zip(*_hits(scenes, read).values(), strict=True)]


def _differing(given: Sequence[Picture], one: Sequence[Picture], other: Sequence[Picture]) -> Iterator[Row]:
    yield mean("two variations: mean absolute difference", [difference(a, b) for a, b in zip(one, other, strict=True)])
    yield mean(
        "variation and input: mean absolute difference", [difference(a, b) for a, b in zip(given, one, strict=True)]
    )


def _moved(scenes: Sequence[Scene], one: Sequence[Picture], other: Sequence[Picture]) -> Row:
    trios = zip(scenes, one, other, strict=True)
    away = [abs(middle(a, scene.colour, scene.ground) - middle(b, scene.colour, scene.ground)) for scene, a, b in trios]
    return mean("two variations: how far apart their things stand, across (pixels)", away)


def _noised(likeness: Sequence[list[float]]) -> Iterator[Row]:
    for level, values in zip(LEVELS, likeness, strict=True):
        yield mean(f"noise level {level}: likeness to its input (cosine)", values)
    for at, level in enumerate(LEVELS[1:]):
        yield gain(f"noise level {level}: likeness lost since {LEVELS[at]}", likeness[at], likeness[at + 1])


def _steered(studio: Studio, asked: Sequence[Question], given: Sequence[Picture], free: Sequence[Picture]
             ) -> Iterator[Row]:  # fmt: skip
    colours = [question.other_colour for question in asked]
    prompts = [full_caption(changed(question.scene, colour=question.other_colour)) for question in asked]
    steered = studio.varied(given, prompts, noise_level=STEERED)
    without, with_it = ([scene.colour == colour for scene, colour in zip(studio.read(pictures), colours, strict=True)]
                        for pictures in (free, steered))  # fmt: skip
    yield share("noise level 600, no prompt: the other colour appears", without)
    yield share("noise level 600, prompt of another colour: it appears", with_it)
    yield gain("noise level 600: more often with the prompt than without", with_it, without)


def _cosines(one: Tensor, other: Tensor) -> list[float]:
    cosines: list[float] = (one * other).sum(dim=1).tolist()
    return cosines
