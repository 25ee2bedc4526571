"""Measures what was trained, on compositions that were never trained on; docs/models.md tells how to read the rows."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from infra.models.miniature.figures import Row
from infra.models.miniature.measures_conditions import conditions
from infra.models.miniature.measures_text import text
from infra.models.miniature.measures_truth import truth
from infra.models.miniature.measures_variation import variation
from infra.models.miniature.questions import questions
from infra.models.miniature.studio import STEPS, Studio

__all__ = ["Row", "measured"]


def measured(folder: Path, count: int, steps: int = STEPS) -> list[Row]:
    """All rows, told as they are made.

    Args:
        folder: `sdxl_base`, `sdxl_refiner`, `unclip` and the judge.
        count: of the questions.
        steps: of every picture.
    """
    rows = []
    for row in _rows(Studio(folder, steps), count):
        print(f"{row.name}: {row.value:.3f} [{row.low:.3f}, {row.high:.3f}] of {row.count}", flush=True)
        rows.append(row)
    return rows


def _rows(studio: Studio, count: int) -> Iterator[Row]:
    asked = questions(count)
    return chain(truth(studio, asked), text(studio, asked), conditions(studio, asked), variation(studio, asked))
