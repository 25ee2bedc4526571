import io
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from latentrelay import EventType, JobEvent, JobStatus, StageName
from latentrelay.cli.progress import ProgressLine, Seen, advance, clock, draw, plain, seconds_left
from latentrelay.contracts import Progress

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
START = datetime(2030, 1, 1, tzinfo=UTC)


def event(kind, at=0.0, stage=BASE, step=None, attempt=1):
    return JobEvent(
        id="1-0",
        type=kind,
        job_id="j1",
        timestamp=START + timedelta(seconds=at),
        sequence=1,
        status=JobStatus.RUNNING,
        attempt=attempt,
        stage=stage,
        progress=None if step is None else Progress(stage=stage, step=step, steps=20),
    )


def after(*events):
    return reduce(advance, events, Seen((BASE, REFINER)))


def step(at, number, stage=BASE):
    return event(EventType.PROGRESS, at, stage, number)


def test_before_anything_happens_the_line_says_that_it_waits():
    assert draw(after()) == "waiting"
    assert draw(after(event(EventType.QUEUED))) == "queued for sdxl_base"
    assert draw(after(event(EventType.QUEUED), event(EventType.STAGE_STARTED, 1))) == "sdxl_base started"


def test_the_line_tells_stage_steps_and_time_left():
    seen = after(event(EventType.STAGE_STARTED), step(1, 1), step(9, 5))
    assert draw(seen) == "sdxl_base (1 of 2)  [######------------------]  5/20 steps  0:30 left"


def test_time_left_is_unknown_until_two_steps_are_timed():
    assert seconds_left(after(step(1, 1))) is None
    assert "left" not in draw(after(step(1, 1)))
    assert seconds_left(after(step(1, 1), step(3, 2))) == pytest.approx(36)


def test_the_next_stage_is_timed_by_its_own_steps():
    seen = after(step(0, 1), step(60, 2), event(EventType.STAGE_FINISHED, 61), step(70, 16, REFINER))
    assert seconds_left(seen) is None
    seen = advance(seen, step(71, 17, REFINER))
    assert seconds_left(seen) == pytest.approx(3)
    assert draw(seen).startswith("sdxl_refiner (2 of 2)  [####################----] 17/20 steps")


def test_another_attempt_is_timed_anew():
    seen = after(step(0, 1), step(10, 11), event(EventType.RETRIED, 20, attempt=2))
    assert draw(seen) == "sdxl_base is tried again (attempt 2)"
    assert seconds_left(advance(advance(seen, step(30, 1)), step(31, 2))) == pytest.approx(18)


def test_a_job_of_one_stage_does_not_count_stages():
    seen = advance(Seen((BASE,)), step(0, 20))
    assert draw(seen) == "sdxl_base  [########################] 20/20 steps"


@pytest.mark.parametrize(("seconds", "told"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (3723, "1:02:03")])
def test_the_clock_is_read_at_a_glance(seconds, told):
    assert clock(seconds) == told


def test_without_a_terminal_changes_are_lines_and_steps_are_not():
    stream = io.StringIO()
    line = ProgressLine((BASE,), stream, redraw=False)
    for told in (
        event(EventType.QUEUED),
        event(EventType.STARTED),
        step(1, 1),
        event(EventType.STAGE_FINISHED, 2),
    ):
        line(told)
    line.clear()
    assert (
        stream.getvalue() == "queued for sdxl_base\nsdxl_base started\nsdxl_base is done, queued for the next stage\n"
    )


def test_on_a_terminal_one_line_is_redrawn_and_left_empty():
    stream = io.StringIO()
    line = ProgressLine((BASE,), stream, redraw=True)
    line(step(1, 1))
    line.clear()
    assert "1/20 steps" in stream.getvalue()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("redraw", [False, True])
def test_a_note_is_a_line_of_its_own(redraw):
    stream = io.StringIO()
    line = ProgressLine((BASE,), stream, redraw=redraw)
    line(event(EventType.QUEUED))
    line.note("nobody works")
    assert stream.getvalue().endswith("\r\x1b[Knobody works\n" if redraw else "\nnobody works\n")


def test_every_kind_of_event_can_be_told():
    for kind in EventType:
        draw(after(event(kind)))
        plain(event(kind, stage=None))
