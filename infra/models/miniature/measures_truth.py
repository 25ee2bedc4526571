"""What the measuring itself can tell: the judge on true drawings, and on the same ones through the VAE."""

from collections.abc import Iterator, Sequence

from infra.models.miniature.figures import Row, mean
from infra.models.miniature.looks import difference
from infra.models.miniature.obedience import both
from infra.models.miniature.questions import Question
from infra.models.miniature.studio import Studio


def truth(studio: Studio, asked: Sequence[Question]) -> Iterator[Row]:
    """Rows about drawings that no model made."""
    drawn = [question.picture for question in asked]
    restored = studio.restored(drawn)
    yield from both("true drawings", asked, studio.read(drawn))
    yield from both("true drawings through the VAE", asked, studio.read(restored))
    errors = [difference(one, other) for one, other in zip(drawn, restored, strict=True)]
    yield mean("VAE: mean absolute error", errors)
