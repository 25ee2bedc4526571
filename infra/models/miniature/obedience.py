"""Whether a picture shows what a prompt names, by what the judge read in it."""

from collections.abc import Iterator, Sequence

from infra.models.miniature.figures import Row, share
from infra.models.miniature.questions import Question
from infra.models.miniature.scene import CHOICES, Scene

COLOUR_AND_SHAPE = frozenset({"colour", "shape"})


def agree(one: Scene, other: Scene, fields: frozenset[str]) -> bool:
    """Whether both have the same words in `fields`."""
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def right(asked: Sequence[Question], read: Sequence[Scene]) -> list[bool]:
    """Where colour and shape are as asked."""
    return [agree(question.scene, scene, COLOUR_AND_SHAPE) for question, scene in zip(asked, read, strict=True)]


def obeyed(asked: Sequence[Question], read: Sequence[Scene]) -> list[bool]:
    """Where all that the prompt names is as asked."""
    return [agree(question.scene, scene, question.named) for question, scene in zip(asked, read, strict=True)]


def both(name: str, asked: Sequence[Question], read: Sequence[Scene], goals: Sequence[float | None] = (None, None)
         ) -> Iterator[Row]:  # fmt: skip
    """Two rows: colour and shape, and all that is named."""
    yield share(f"{name}: colour and shape", right(asked, read), goals[0])
    yield share(f"{name}: all that the prompt names", obeyed(asked, read), goals[1])


def one_by_one(name: str, asked: Sequence[Question], read: Sequence[Scene]) -> Iterator[Row]:
    """A row for each field, of the prompts that name it."""
    for field in CHOICES:
        pairs = [pair for pair in zip(asked, read, strict=True) if field in pair[0].named]
        if pairs:
            only = frozenset({field})
            yield share(f"{name}: {field}", [agree(question.scene, scene, only) for question, scene in pairs])
