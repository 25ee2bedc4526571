"""What a stage tells of its steps, handed from its thread to that of its lease, which tells others."""

import logging
import threading
from dataclasses import dataclass

from latentrelay.contracts import Progress
from latentrelay.stage import Preview

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """What is new: the newest step, and the newest picture."""

    progress: Progress | None = None
    picture: bytes | None = None


class Telling:
    """The newest step and the newest preview of one attempt. The stage adds, and never waits; one thread takes."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._progress: Progress | None = None
        self.newest: Progress | None = None
        """The newest step, told or not."""
        self._preview: tuple[int, Preview] | None = None
        self._shown: int | None = None

    def add(self, progress: Progress, preview: Preview | None) -> None:
        """`progress` is the newest, and so is its preview, if it has one."""
        with self._changing:
            self._progress = self.newest = progress
            if preview is not None:
                self._preview = progress.step, preview

    def take(self) -> Told:
        """What is new since the last time; the progress names the step of the last picture."""
        picture = self._drawn()
        with self._changing:
            progress, self._progress = self._progress, None
        return Told(progress and progress.model_copy(update={"preview": self._shown}), picture)

    def give_back(self, told: Told) -> None:
        """It could not be told: its progress is new again, unless there is a newer one."""
        with self._changing:
            self._progress = self._progress or told.progress

    def _drawn(self) -> bytes | None:
        """The picture of the newest preview, once; None where there is none, or none yet."""
        newest = self._preview
        if newest is None:
            return None
        step, preview = newest
        try:
            picture = preview()
        except Exception as error:  # noqa: BLE001  # whatever a device or an encoder raises, the lease goes on
            log.warning("no preview", extra={"error": type(error).__name__})
            self._done_with(newest)
            return None
        if picture is not None:
            self._done_with(newest)
            self._shown = step
        return picture

    def _done_with(self, preview: tuple[int, Preview]) -> None:
        with self._changing:
            if self._preview is preview:
                self._preview = None
