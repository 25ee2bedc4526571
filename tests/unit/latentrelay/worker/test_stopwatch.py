from itertools import count

import pytest

from latentrelay.contracts import Phase
from latentrelay.errors import Canceled
from latentrelay.worker.stopwatch import Stopwatch

Told = list[tuple[Phase, float]]


def watch() -> tuple[Stopwatch, Told]:
    """A stopwatch whose clock goes on by a second whenever it is looked at."""
    told, seconds = Told(), count()
    return Stopwatch(lambda *over: told.append(over), lambda: float(next(seconds))), told


def test_each_phase_is_told_when_it_is_over_and_added_up() -> None:
    stopwatch, told = watch()
    for phase in (Phase.DENOISE, Phase.DECODE, Phase.DENOISE):
        with stopwatch.on(phase):
            pass
    assert told == [(Phase.DENOISE, 1), (Phase.DECODE, 1), (Phase.DENOISE, 1)]
    assert stopwatch.seconds == {Phase.DENOISE: 2, Phase.DECODE: 1}


def test_a_phase_inside_another_counts_for_itself_alone() -> None:
    stopwatch, told = watch()
    with stopwatch.on(Phase.DENOISE):
        for _ in range(2):
            with stopwatch.on(Phase.ENCODE_PROMPT):
                pass
    with stopwatch.on(Phase.DECODE):
        pass
    assert stopwatch.seconds == {Phase.ENCODE_PROMPT: 2, Phase.DENOISE: 3, Phase.DECODE: 1}
    assert sum(seconds for _, seconds in told) == 6


def test_a_phase_that_is_broken_off_is_told() -> None:
    stopwatch, told = watch()
    with pytest.raises(Canceled), stopwatch.on(Phase.DENOISE), stopwatch.on(Phase.ENCODE_PROMPT):
        raise Canceled
    assert told == [(Phase.ENCODE_PROMPT, 1), (Phase.DENOISE, 2)]
