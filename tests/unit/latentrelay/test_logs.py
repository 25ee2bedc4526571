"""Logs: one JSON object a line."""

import json
import logging
import sys

from latentrelay.logs import JsonFormatter, bound


def line(message: str, **extra: object) -> dict[str, object]:
    record = logging.LogRecord("latentrelay.x", logging.INFO, "x.py", 1, message, (), None)
    record.__dict__.update(extra)
    told: dict[str, object] = json.loads(JsonFormatter().format(record))
    return told


def test_a_line_tells_the_job_stage_and_attempt_of_the_work_at_hand_and_forgets_them_after() -> None:
    with bound(job_id="j", stage="sdxl_base", attempt=2):
        inside = line("stage started", seconds=1)
    assert (inside["job_id"], inside["stage"], inside["attempt"], inside["seconds"]) == ("j", "sdxl_base", 2, 1)
    assert "job_id" not in line("idle")


def broken(secret: str) -> None:
    try:
        int(secret)
    except ValueError as error:
        raise KeyError(secret) from error


def test_an_error_is_told_by_its_type_and_its_places_and_never_by_its_text() -> None:
    try:
        broken("SEC" + "RET")
    except KeyError:
        told = str(line("broke", exc_info=sys.exc_info())["exception"])
    assert "SECRET" not in told
    assert told.index("ValueError\n") < told.index("KeyError\n")
    assert "test_logs.py" in told


def test_a_message_of_several_lines_stays_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "one\ntwo", (), None)
    assert "\n" not in JsonFormatter().format(record)
