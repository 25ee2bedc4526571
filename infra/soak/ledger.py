"""The ledger of a soak: a file of JSON lines, one for each thing that happened, from which everything is proved."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Ledger:
    """Writes lines. Safe between threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def note(self, what: str, **facts: Any) -> None:
        """Write that `what` happened now: seconds since 1970, by the clock that Redis, on this machine, reads too."""
        line = json.dumps({"at": round(time.time(), 3), "what": what, **facts})
        with self._lock, self.file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")


def entries(file: Path) -> Iterator[Entry]:
    """What was noted, in order; a last line that was cut short is left out."""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)
