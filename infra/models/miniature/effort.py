"""How much of everything: the whole course, and a quick one that only proves that the recipe works."""

from dataclasses import dataclass

from infra.models.miniature.lesson import Course


@dataclass(frozen=True)
class Effort:
    """The courses, how many entries the album has, and how many questions in how many steps are asked in the end."""

    vae: Course
    decoder: Course
    clip: Course
    judge: Course
    base: Course
    refiner: Course
    unclip: Course
    album: int
    questions: int
    steps: int


FULL = Effort(
    vae=Course(5100, 32, 3e-3),
    decoder=Course(1400, 32, 2e-3),
    clip=Course(2200, 64, 2e-3),
    judge=Course(1600, 64, 2e-3),
    base=Course(5300, 48, 2e-3),
    refiner=Course(2000, 48, 1.3e-3),
    unclip=Course(3900, 48, 2e-3),
    album=28_672,
    questions=120,
    steps=20,
)
TINY = Course(3, 8, 1e-3)
QUICK = Effort(TINY, TINY, TINY, TINY, TINY, TINY, TINY, album=64, questions=2, steps=4)
