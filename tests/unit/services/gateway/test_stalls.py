"""Whether a server hangs, told from how long those wait who ask it."""

import time

import pytest

from latentrelay.errors import StackUnavailable, StorageUnavailable
from services.gateway.bounds.stalls import Stalls

SLOW = 0.5


def test_who_waits_for_too_long_makes_the_next_one_refused() -> None:
    stalls = Stalls(StorageUnavailable, SLOW)
    with stalls.watched():
        time.sleep(2 * SLOW)
        with pytest.raises(StorageUnavailable):
            stalls.check()
    stalls.check()


def test_while_others_are_answered_one_that_waits_long_is_no_stall() -> None:
    stalls = Stalls(StorageUnavailable, SLOW)
    with stalls.watched():
        time.sleep(2 * SLOW)
        with stalls.noted():
            pass
        stalls.check()


def test_who_hung_in_vain_makes_the_next_one_wait_a_moment() -> None:
    stalls = Stalls(slow_seconds=SLOW)
    with pytest.raises(StackUnavailable), stalls.watched():
        time.sleep(2 * SLOW)
        raise StackUnavailable
    with pytest.raises(StackUnavailable):
        stalls.check()
