"""What `up` tells of its workers as they come and go."""

import pytest

from latentrelay import StageName
from latentrelay.cli.roll import READY, Roll
from latentrelay.contracts import WorkerInfo, WorkerState

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
ONE_READY = "sdxl_base is ready after 0.0 s (base, cpu)"


def worker(pid, state=WorkerState.READY, stage=BASE):
    model = {"model": "base", "device": "cpu"}
    return WorkerInfo(id=f"{stage}@h/{pid}/{pid}", stage=stage, state=state, host="h", pid=pid, model=model)


@pytest.mark.parametrize("state", [WorkerState.READY, WorkerState.BUSY])
def test_a_worker_is_told_of_once_when_it_has_loaded_and_counts_from_its_own_start(state):
    roll = Roll({BASE: 1, REFINER: 1})
    assert list(roll.look([], 10)) == []
    assert list(roll.look([worker(1, WorkerState.LOADING)], 100)) == []
    assert list(roll.look([worker(1, state)], 106.24)) == ["sdxl_base is ready after 6.2 s (base, cpu)"]
    assert list(roll.look([worker(1, state)], 107)) == []


def test_one_that_cannot_serve_is_not_told_of_here():
    assert list(Roll({BASE: 1}).look([worker(1, WorkerState.FAILED)], 0)) == []


def test_all_are_there_when_as_many_as_asked_for_serve_and_that_is_told_once():
    roll = Roll({BASE: 1, REFINER: 1})
    assert READY not in list(roll.look([worker(1), worker(2, WorkerState.LOADING, REFINER)], 0))
    assert list(roll.look([worker(1), worker(2, stage=REFINER)], 0))[-1] == READY
    assert READY not in [*roll.look([], 0), *roll.look([worker(1), worker(2, stage=REFINER)], 0)]
    assert list(Roll({}).look([], 0)) == []


def test_several_of_a_stage_are_told_apart_by_their_process():
    told = list(Roll({BASE: 2}).look([worker(1), worker(2)], 0))
    assert told[:2] == [
        "sdxl_base (process 1) is ready after 0.0 s (base, cpu)",
        "sdxl_base (process 2) is ready after 0.0 s (base, cpu)",
    ]


def test_one_that_is_gone_is_told_of_in_one_line_with_who_came_for_it():
    roll = Roll({BASE: 1})
    assert list(roll.look([worker(1)], 0)) == [ONE_READY, READY]
    assert list(roll.look([worker(1), worker(2)], 5)) == [ONE_READY]  # a killed process is missed some seconds later
    assert list(roll.look([worker(2)], 9)) == ["sdxl_base (process 1) is gone; process 2 serves instead"]
    assert list(roll.look([worker(2)], 10)) == []


def test_one_that_is_gone_and_nobody_came_is_told_of_when_somebody_does():
    roll = Roll({BASE: 1, REFINER: 1})
    list(roll.look([worker(1)], 0))
    assert READY not in list(roll.look([worker(3, stage=REFINER)], 1))
    assert list(roll.look([worker(2), worker(3, stage=REFINER)], 2)) == [
        *(ONE_READY, "sdxl_base (process 1) is gone; process 2 serves instead"),
        READY,
    ]


def test_workers_that_leave_at_the_end_are_not_told_of():
    roll = Roll({BASE: 2})
    list(roll.look([worker(1), worker(2)], 0))
    assert list(roll.look([worker(2)], 1)) == []
    assert list(roll.look([], 2)) == []
