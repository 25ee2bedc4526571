import pytest

from latentrelay import StageName
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.cli.up import describe_worker, is_complete, news, read_counts
from latentrelay.contracts import WorkerInfo, WorkerState

MODEL = {"model": "/models/base", "device": "cpu"}


def worker(name, state, detail=None):
    stage = StageName.SDXL_BASE
    return WorkerInfo(id=name, stage=stage, state=state, host="h", pid=1, model=MODEL, detail=detail)


def test_workers_are_counted_by_stage():
    assert read_counts(["sdxl_base=2", "unclip_variation=0"]) == {
        StageName.SDXL_BASE: 2,
        StageName.UNCLIP_VARIATION: 0,
    }
    assert read_counts([]) == {}


@pytest.mark.parametrize("word", ["sdxl_base", "sdxl_base=", "sdxl_base=-1", "sdxl_base=x", "sdxl_base=65", "base=1"])
def test_a_count_that_is_none_is_refused_with_its_range(word):
    with pytest.raises(Ended, match="--workers: must be STAGE=N, N from 0 to 64, STAGE one of sdxl_base") as told:
        read_counts([word])
    assert told.value.code == USAGE


def test_a_worker_is_told_of_once_and_not_while_it_loads():
    workers = [worker("a", WorkerState.LOADING), worker("b", WorkerState.READY), worker("c", WorkerState.BUSY)]
    assert [fresh.id for fresh in news({}, workers)] == ["b", "c"]
    assert [fresh.id for fresh in news({"b", "c"}, workers)] == []


def test_all_are_there_when_as_many_as_asked_for_can_serve():
    assert not is_complete({"a": WorkerState.READY}, 2)
    assert not is_complete({"a": WorkerState.READY, "b": WorkerState.FAILED}, 2)
    assert is_complete({"a": WorkerState.READY, "b": WorkerState.FAILED, "c": WorkerState.BUSY}, 2)


def test_a_worker_says_what_it_serves_or_why_it_cannot():
    assert describe_worker(worker("a", WorkerState.READY), 6.24) == "sdxl_base is ready after 6.2 s (/models/base, cpu)"
    assert describe_worker(worker("a", WorkerState.FAILED, "no weights"), 1) == "sdxl_base cannot serve: no weights"
