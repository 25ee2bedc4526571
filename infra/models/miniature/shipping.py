"""What a run made, kept with it: the measured table; and put into the clone, where `latentrelay up` finds it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from infra.models.miniature import tabling
from infra.models.miniature.measures import Row

HERE = Path(__file__).parent
TRAINED = HERE / "trained"
PAGE = HERE.parents[2] / "docs/models.md"
MEASURES = "measures.json"


def keep(rows: Sequence[Row], folder: Path) -> None:
    """Write the measures beside the state."""
    (folder / MEASURES).write_text(json.dumps([asdict(row) for row in rows], indent=2))


def ship(folder: Path, trained: Path = TRAINED, page: Path = PAGE) -> None:
    """Replace `trained` by what was made in `folder`, and the table of `page` by what was measured."""
    rows = [Row(**row) for row in json.loads((folder / MEASURES).read_text())]
    tabling.write(rows, page)  # first: a page without marks is refused before models are replaced
    shutil.rmtree(trained, ignore_errors=True)
    shutil.copytree(folder / "trained", trained)
