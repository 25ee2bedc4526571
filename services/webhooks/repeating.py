"""Work that goes on for as long as the process does, whatever becomes of Redis."""

import logging
import threading
from collections.abc import Callable

from latentrelay.jobs import UNREACHABLE, willing

AWAY_SECONDS = 0.5

log = logging.getLogger(__name__)


def repeat(step: Callable[[], None], stopping: threading.Event) -> None:
    """Do `step` again and again until `stopping`. While Redis is away it is waited for; that is told once."""
    is_away = False
    while not stopping.is_set():
        try:
            with willing():
                step()
            is_away = False
        except UNREACHABLE as error:
            if not is_away:
                log.warning("Redis is away, waiting for it: %s", error)
            is_away = True
            stopping.wait(AWAY_SECONDS)
