"""JSON logs, one object a line, with the job, stage and attempt of the work at hand bound to each line."""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_bound: ContextVar[dict[str, object] | None] = ContextVar("bound", default=None)
_STANDARD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"}


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Bind `fields` to every line logged inside, in this thread."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what is bound, and `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        extra = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **(_bound.get() or {}),
            **extra,
        }
        if record.exc_info:
            line["exception"] = "".join(_places(record.exc_info[1]))
        return json.dumps(line, default=str)


def _places(error: BaseException | None) -> Iterator[str]:
    """Where an error was raised, and what it was raised because of. Its own text may quote a prompt or a URL."""
    if error is None:
        return
    yield from _places(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__name__}\n"


def configure(level: str) -> None:
    """Log JSON to standard error, from `level` up, Python's warnings too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    # of a collector that is away it would tell at each batch; the tracer tells once
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
