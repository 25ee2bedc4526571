"""Negative prompts, and the base's micro-conditioning: original size and crops."""

from collections.abc import Iterator, Sequence

from infra.models.miniature.drawing import SIDE
from infra.models.miniature.figures import Row, gain, share, wins
from infra.models.miniature.looks import middle, sharpness
from infra.models.miniature.questions import Question, colourless, simple, unplaced
from infra.models.miniature.studio import Studio

UNWANTED = "red"
SCALED_UP = (16, 16)  # the smallest original that the base was taught on
WIDER = (SIDE + 24, SIDE + 24)  # an original that a picture was cropped from
UNCUT, CUT = (0, 0), (0, 24)  # top and left of the crop


def conditions(studio: Studio, asked: Sequence[Question]) -> Iterator[Row]:
    """Rows of each condition, set and not set, with the same seeds."""
    yield from _negative(studio, [colourless(question) for question in asked])
    prompts = [unplaced(simple(question)) for question in asked]
    yield from _original_size(studio, prompts)
    yield from _crops(studio, asked, prompts)


def _negative(studio: Studio, prompts: Sequence[str]) -> Iterator[Row]:
    free = [scene.colour for scene in studio.read(studio.relayed(prompts))]
    turned = [scene.colour for scene in studio.read(studio.relayed(prompts, negative_prompt=UNWANTED))]
    before, after = ([colour == UNWANTED for colour in colours] for colours in (free, turned))
    yield share("no colour asked: red", before)
    yield share("no colour asked, negative prompt `red`: red", after)
    yield gain("negative prompt `red`: less red than without", before, after)
    away = [scene.colour for scene in studio.read(studio.relayed(prompts, negative_prompt=free))]
    gone = [one != other for one, other in zip(free, away, strict=True)]
    yield share("negative prompt of the colour drawn without it: another colour", gone)


def _original_size(studio: Studio, prompts: Sequence[str]) -> Iterator[Row]:
    clear = [sharpness(each) for each in studio.based(prompts)]
    soft = [sharpness(each) for each in studio.based(prompts, original_size=SCALED_UP)]
    yield wins("original size 64: sharper than 16", clear, soft)
    yield gain("original size 64: slope of edges, more than at 16 (levels of 256 a pixel)", clear, soft)


def _crops(studio: Studio, asked: Sequence[Question], prompts: Sequence[str]) -> Iterator[Row]:
    def middles(crop: tuple[int, int]) -> list[float]:
        drawn = studio.based(prompts, original_size=WIDER, crops_coords_top_left=crop)
        pairs = zip(drawn, (question.scene for question in asked), strict=True)
        return [middle(picture, scene.colour, scene.ground) for picture, scene in pairs]

    uncut, cut = middles(UNCUT), middles(CUT)
    yield wins("crop 24 pixels from the left: the thing stands further left", uncut, cut)
    yield gain("crop 24 pixels from the left: how far further left (pixels; 24 at most)", uncut, cut)
