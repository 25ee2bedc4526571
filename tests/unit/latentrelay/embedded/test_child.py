"""One child process: its end, its log, its own children."""

import os
import signal
import sys
from pathlib import Path

import pytest

from latentrelay.embedded.child import LOG_LIMIT, Child


def python(code: str, folder: Path) -> Child:
    return Child("child", [sys.executable, "-c", code], folder=folder)


def test_it_tells_how_its_child_ended(tmp_path: Path) -> None:
    child = python("import sys; sys.exit(3)", tmp_path)
    assert (child.code, child.pid, child.alive) == (None, None, False)
    child.start()
    assert child.wait(60)
    assert child.code == 3


def test_it_reads_its_standard_input_and_logs_both_outputs(tmp_path: Path) -> None:
    child = python("import sys; print(sys.stdin.read(), flush=True); sys.exit('error')", tmp_path)
    child.start(b"input")
    assert child.wait(60)
    assert child.last_lines() == ("input", "error")
    assert child.log.stat().st_mode & 0o777 == 0o600


def test_a_child_that_ends_without_reading_does_no_harm(tmp_path: Path) -> None:
    child = python("", tmp_path)
    child.start(b"x" * 1_000_000)
    assert child.wait(60)
    assert child.code == 0


def test_a_log_goes_on_where_it_was_and_only_the_last_start_is_told(tmp_path: Path) -> None:
    child = python("print(7)", tmp_path)
    for _ in range(3):
        child.start()
        assert child.wait(60)
    assert child.log.read_text() == "7\n7\n7\n"
    assert child.last_lines(2) == ("7",)


def test_a_long_log_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    child = python("print('new')", tmp_path)
    child.log.write_bytes(b"x" * (LOG_LIMIT + 1))
    child.start()
    assert child.wait(60)
    assert child.log.read_text() == "new\n"
    assert (tmp_path / "child.log.1").stat().st_size == LOG_LIMIT + 1


def test_before_a_start_there_are_no_last_lines(tmp_path: Path) -> None:
    assert python("", tmp_path).last_lines() == ()


def test_a_kill_reaches_its_own_children(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    child = python(
        "import os, signal; os.fork(); os.write(os.open('pipe', os.O_WRONLY), b'.'); signal.pause()", tmp_path
    )
    child.start()
    with (tmp_path / "pipe").open("rb") as both:
        assert both.read(2) == b".."  # child and grandchild hold the pipe open
        child.kill()
        assert both.read() == b""  # its end: neither does
    assert child.code == -signal.SIGKILL


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Child("child", ["/nowhere/program"], folder=tmp_path).start()
