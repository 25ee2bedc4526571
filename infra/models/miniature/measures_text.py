"""Text to image: whether the prompt is obeyed, and what the refiner adds."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from infra.models.miniature.drawing import Picture
from infra.models.miniature.figures import Row, gain, mean, share, wins
from infra.models.miniature.looks import degradation, sharpness
from infra.models.miniature.obedience import both, one_by_one, right
from infra.models.miniature.questions import Question
from infra.models.miniature.studio import Studio

UNGUIDED = 1.0
POOR = 2.0
COLOUR_AND_SHAPE, ALL_NAMED, BETTER = 0.95, 0.85, 0.8  # goals


def text(studio: Studio, asked: Sequence[Question]) -> Iterator[Row]:
    """Rows of the base, of base and refiner, of the aesthetic score and of guidance."""
    prompts = [question.prompt for question in asked]
    based = studio.based(prompts)
    yield from both("base alone", asked, studio.read(based))
    handed = studio.handed(prompts)
    refined = studio.refined(prompts, handed)
    read = studio.read(refined)
    yield from both("base and refiner", asked, read, (COLOUR_AND_SHAPE, ALL_NAMED))
    yield from one_by_one("base and refiner", asked, read)
    yield from _refiner_beats_base(refined, based)
    poor = studio.refined(prompts, handed, aesthetic_score=POOR)
    yield from _score_acts(refined, poor)
    unguided = studio.relayed(prompts, guidance_scale=UNGUIDED)
    yield from _guidance_acts(right(asked, read), right(asked, studio.read(unguided)))
    yield from _guidance_draws_nearer(studio.meant(prompts), studio.seen(refined), studio.seen(unguided))


def _refiner_beats_base(refined: Sequence[Picture], based: Sequence[Picture]) -> Iterator[Row]:
    sharp, noisy = ([[measure(each) for each in pictures] for pictures in (refined, based)]
                    for measure in (sharpness, degradation))  # fmt: skip
    yield wins("the refiner is sharper than the base alone", *sharp, goal=BETTER)
    yield wins("the refiner is less degraded than the base alone", *reversed(noisy), goal=BETTER)
    pairs = zip(*sharp, *noisy, strict=True)
    yield share(
        "the refiner is both", [r_sharp > b_sharp and r_noisy < b_noisy for r_sharp, b_sharp, r_noisy, b_noisy in pairs]
    )


def _score_acts(good: Sequence[Picture], poor: Sequence[Picture]) -> Iterator[Row]:
    noisy = [[degradation(each) for each in pictures] for pictures in (poor, good)]
    yield wins("aesthetic score 6 is less degraded than 2", *noisy)
    yield gain("aesthetic score 2: degradation added to that of 6", *noisy)


def _guidance_acts(guided: Sequence[bool], unguided: Sequence[bool]) -> Iterator[Row]:
    yield share("guidance 1: colour and shape", unguided)
    yield gain("guidance 5: colour and shape, more than at 1", guided, unguided)


def _guidance_draws_nearer(meant: Tensor, guided: Tensor, unguided: Tensor) -> Iterator[Row]:
    near, far = ((meant * seen).sum(dim=1).tolist() for seen in (guided, unguided))
    yield mean("guidance 5: likeness of picture and prompt (cosine)", near)
    yield gain("guidance 5: likeness of picture and prompt, more than at 1", near, far)
