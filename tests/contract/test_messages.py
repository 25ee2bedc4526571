"""Messages of every released version are read; a message holds no more than the contract says."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from latentrelay.broker import read_hint
from latentrelay.contracts import StageName, task_name

MESSAGES = Path(__file__).parent / "messages"


def golden(name: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((MESSAGES / name).read_text())
    return message


@pytest.mark.parametrize("path", sorted(MESSAGES.glob("*.json")), ids=lambda path: path.stem)
def test_a_message_of_every_released_version_is_read(path: Path) -> None:
    queue = path.stem.split(".")[0]
    hint = read_hint(golden(path.name), queue)
    assert (hint.job_id, hint.attempt) == ("4f6d1c0f3d0e4a6f9d6c2b8f0a1e5c7d", 1)


def test_tasks_bear_the_stage_and_the_major_version() -> None:
    assert [task_name(stage) for stage in StageName] == [
        "latentrelay.sdxl_base.v1",
        "latentrelay.sdxl_refiner.v1",
        "latentrelay.unclip_variation.v1",
    ]


def test_unknown_fields_of_a_later_minor_version_are_accepted() -> None:
    message = golden("sdxl_base.v1.json")
    args, kwargs, embed = json.loads(base64.b64decode(message["body"]))
    message["body"] = base64.b64encode(json.dumps([args, {**kwargs, "region": "eu"}, embed]).encode()).decode()
    assert read_hint(message, "sdxl_base").attempt == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"headers": {"task": "latentrelay.sdxl_refiner.v1", "id": "x"}}, "the task is not latentrelay.sdxl_base.v1"),
        ({"headers": {}}, "the envelope is not that of a JSON task message"),
        ({"content-type": "application/x-python-serialize"}, "the envelope is not that of a JSON task message"),
        ({"properties": {}}, "the envelope is not that of a JSON task message"),
        ({"body": "%%"}, "the body is not JSON in base64"),
        ({"body": "e30="}, "the body is not that of a task"),
        ({"body": base64.b64encode(b"[" * 100_000).decode()}, "the body is not JSON in base64"),
        ({"body": base64.b64encode(b'[[], {"job_id": "a b", "attempt": 1}, {}]').decode()}, "wrong fields: job_id"),
    ],
)
def test_what_is_no_hint_of_the_stage_is_told_by_its_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_hint({**golden("sdxl_base.v1.json"), **change}, "sdxl_base")
