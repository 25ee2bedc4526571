"""The first signal interrupts, the next ones hurry."""

import signal

import pytest

from latentrelay.embedded.interruptions import STOPPING, Interruptions, interruptions, uninterrupted


@pytest.mark.parametrize("number", STOPPING)
def test_each_stopping_signal_interrupts_and_is_given_back_afterwards(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptions():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_the_second_one_hurries_without_raising() -> None:
    asked = Interruptions()
    with pytest.raises(KeyboardInterrupt):
        asked.arrive()
    hurried = asked.to_hurry()
    assert not hurried()
    asked.arrive()
    assert hurried()


def test_a_second_one_before_the_end_has_begun_hurries_too() -> None:
    asked = Interruptions()
    with pytest.raises(KeyboardInterrupt):
        asked.arrive()
    asked.arrive()
    assert asked.to_hurry()()


def test_after_an_end_by_itself_the_first_one_hurries() -> None:
    asked = Interruptions()
    hurried = asked.to_hurry()
    assert not hurried()
    asked.arrive()
    assert hurried()


def test_under_nohup_a_hangup_does_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptions():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_must_not_be_interrupted_is_done_first() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interruptions(), uninterrupted():
        signal.raise_signal(signal.SIGTERM)
        done.append("all of it")
    assert done == ["all of it"]
