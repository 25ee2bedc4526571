"""What `doctor` finds: judgements over facts. Pure; `doctor` gathers the facts."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from latentrelay.cli.tables import size
from latentrelay.contracts import ArtifactKind, StageName, StageState, WorkerInfo, WorkerState

_GIB = 2**30
_SCARCE, _LITTLE = 1 * _GIB, 20 * _GIB
MODEL_CLASS = {
    StageName.SDXL_BASE: "StableDiffusionXLPipeline",
    StageName.SDXL_REFINER: "StableDiffusionXLImg2ImgPipeline",
    StageName.UNCLIP_VARIATION: "StableUnCLIPImg2ImgPipeline",
}


class Mark(StrEnum):
    """How it stands: fine, worth knowing, or in the way."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One thing looked at, how it stands, and how to mend it."""

    what: str
    mark: Mark
    told: str
    mend: str = ""

    def __str__(self) -> str:
        """One line, and one below it where there is something to do."""
        line = f"{self.mark:<8} {self.what}: {self.told}"
        return f"{line}\n{'':<8} -> {self.mend}" if self.mend else line


def judge_python(version: tuple[int, int]) -> Finding:
    """3.11 and later run Latent Relay."""
    told = ".".join(map(str, version))
    if version >= (3, 11):
        return Finding("Python", Mark.OK, told)
    return Finding("Python", Mark.MISSING, f"{told} is too old", "install Python 3.11 or later")


def judge_extra(extra: str, needed_for: str, missing: Collection[str], *, needed: bool) -> Finding:
    """Whether all that an extra names is installed."""
    if not missing:
        return Finding(f"latentrelay[{extra}]", Mark.OK, f"installed, for {needed_for}")
    mark = Mark.MISSING if needed else Mark.NOTE
    told = f"{', '.join(sorted(missing))} not installed, for {needed_for}"
    return Finding(f"latentrelay[{extra}]", mark, told, f"pip install 'latentrelay[{extra}]'")


def judge_disk(folder: Path, free: int) -> Finding:
    """Less than 1 GiB is in the way; less than 20 GiB does not hold the published models."""
    what, told = f"disk at {folder}", f"{size(free)} free"
    if free < _SCARCE:
        return Finding(what, Mark.MISSING, told, "free some space, or set LATENTRELAY_DATA_DIR to another disk")
    if free < _LITTLE:
        return Finding(what, Mark.NOTE, told, "the published models take about 20 GB")
    return Finding(what, Mark.OK, told)


def judge_device(device: str) -> Finding:
    """Whether the setting names a kind of device there is; whether this machine has it, the worker finds out."""
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        return Finding("device", Mark.OK, device)
    mend = "set LATENTRELAY_DEVICE to auto, cpu, cuda, cuda:N or mps"
    return Finding("device", Mark.MISSING, f"there is no kind of device {device}", mend)


def judge_redis(info: Mapping[str, Any]) -> list[Finding]:
    """A Redis that answers: one that evicts or forgets loses jobs."""
    found = [Finding("Redis", Mark.OK, f"answers, version {info.get('redis_version', 'unknown')}")]
    policy = info.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        told, mend = f"may throw jobs away when memory is short ({policy})", "CONFIG SET maxmemory-policy noeviction"
        found.append(Finding("Redis eviction", Mark.MISSING, told, mend))
    if not int(info.get("aof_enabled", 0)):
        told, mend = "forgets jobs when it restarts", "CONFIG SET appendonly yes"
        found.append(Finding("Redis persistence", Mark.NOTE, told, mend))
    return found


def judge_model(stage: StageName, model: str, index: str | None, *, is_folder: bool) -> Finding:
    """A model setting: the folder's `model_index.json` (None where it has none), or the name of a hub repository."""
    what, variable = f"model of {stage}", f"LATENTRELAY_{_VARIABLE[stage]}"
    if not is_folder and _is_path(model):
        return Finding(what, Mark.MISSING, f"there is no folder {model}", f"set {variable} to one that is there")
    if not is_folder:
        told = f"{model}, fetched from the hub when the worker starts for the first time"
        return Finding(what, Mark.NOTE, told, f"or set {variable} to a local folder")
    found = _class_of(index)
    if found != MODEL_CLASS[stage]:
        why = f"{model} holds {found or 'no model_index.json'}, not a {MODEL_CLASS[stage]}"
        return Finding(what, Mark.MISSING, why, f"set {variable} to a folder of the right kind")
    return Finding(what, Mark.OK, model)


_VARIABLE = {
    StageName.SDXL_BASE: "SDXL_BASE_MODEL",
    StageName.SDXL_REFINER: "SDXL_REFINER_MODEL",
    StageName.UNCLIP_VARIATION: "UNCLIP_MODEL",
}


def _is_path(model: str) -> bool:
    return model.startswith((".", "/", "~")) or model.count("/") != 1


def _class_of(index: str | None) -> str | None:
    try:
        found = json.loads(index or "{}")
    except ValueError:
        return None
    return str(found["_class_name"]) if isinstance(found, dict) and "_class_name" in found else None


def judge_rules(lacking: Collection[ArtifactKind]) -> Finding:
    """Whether the store itself removes what no worker has swept, and not before any job can need it."""
    if not lacking:
        return Finding("bucket rules", Mark.OK, "old objects that no worker has swept are removed by the store")
    told = f"none, or too early ones, for {', '.join(lacking)}"
    mend = "start a worker whose S3 key may put lifecycle rules; a bucket with other rules needs these added by hand"
    return Finding("bucket rules", Mark.NOTE, told, mend)


def judge_workers(stage: StageName, workers: Sequence[WorkerInfo], waiting: int) -> list[Finding]:
    """The workers of one stage, and the jobs that wait for it."""
    what = f"workers of {stage}"
    failed = [
        Finding(what, Mark.MISSING, f"{worker.id} cannot serve: {worker.detail}", "mend it and start the worker again")
        for worker in workers
        if worker.state is WorkerState.FAILED
    ]
    able = [_serves(worker) for worker in workers if worker.state is not WorkerState.FAILED]
    if able:
        return [*failed, Finding(what, Mark.OK, ", ".join(able))]
    mark = Mark.MISSING if waiting else Mark.NOTE
    mend = f"latentrelay up, or: celery -A services.{stage}.worker worker"
    return failed or [Finding(what, mark, f"none runs, {waiting} jobs wait", mend)]


def judge_state(stage: StageName, state: StageState) -> list[Finding]:
    """Somebody has paused a stage, or drains it: worth knowing when jobs wait or are refused."""
    told = {
        StageState.OPEN: (),
        StageState.PAUSED: ("paused: its jobs wait",),
        StageState.DRAINING: ("draining: jobs that would pass it are refused",),
    }
    return [Finding(f"stage {stage}", Mark.NOTE, one, f"latentrelay stages resume {stage}") for one in told[state]]


def _serves(worker: WorkerInfo) -> str:
    return f"{worker.id} ({', '.join([worker.state, *worker.model.values()])})"
