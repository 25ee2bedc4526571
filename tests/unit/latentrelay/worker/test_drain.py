import os

import pytest

from latentrelay.errors import HandedBack
from latentrelay.worker.drain import Drain


def test_who_asks_once_lets_the_job_end_and_who_asks_twice_does_not() -> None:
    drain = Drain(300)
    assert (drain.begun, drain.hurried) == (False, False)
    drain.ask()
    assert (drain.begun, drain.hurried) == (True, False)
    drain.check()
    drain.ask()
    assert (drain.begun, drain.hurried) == (True, True)
    with pytest.raises(HandedBack):
        drain.check()


def test_it_hurries_by_itself_when_its_time_is_over() -> None:
    drain = Drain(0)
    assert not drain.hurried
    drain.begin()
    assert drain.hurried


def test_the_first_reason_to_end_decides_the_exit_code() -> None:
    drain = Drain(300)
    drain.begin(70)
    drain.ask()
    assert drain.exit_code == 70


def test_a_process_and_its_parent_see_the_same_and_a_signal_to_both_is_one_wish() -> None:
    drain = Drain(300)
    if not (child := os.fork()):
        drain.ask()
        os._exit(0)
    os.waitpid(child, 0)
    assert drain.begun
    drain.ask()
    assert not drain.hurried
