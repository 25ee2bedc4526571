"""What is sent of a job, and what never is."""

import json
from datetime import UTC, datetime
from typing import Any

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Job,
    JobStatus,
    Kind,
    Problem,
    Progress,
    Role,
    StageName,
    TextToImage,
    WebhookEventType,
)
from latentrelay.errors import ErrorCode
from latentrelay.webhooks.bodies import MOST_BYTES, body_of, trial_body

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def artifact(index: int, role: Role = Role.FINAL, kind: ArtifactKind = ArtifactKind.IMAGE) -> Artifact:
    return Artifact(
        kind=kind,
        key=f"{kind}/j/{role}-{index}",
        sha256="0" * 64,
        bytes=10,
        media_type="image/png",
        stage=StageName.SDXL_BASE,
        index=index,
        role=role,
        width=64,
        height=64,
    )


def job(**changed: Any) -> Job:
    asked = {"prompt": "a very secret cat", "seed": 7, "client_reference": "order 12", **changed.pop("asked", {})}
    told: dict[str, Any] = {
        "id": "j",
        "kind": Kind.TEXT_TO_IMAGE,
        "status": JobStatus.SUCCEEDED,
        "stage": StageName.SDXL_BASE,
        "sequence": 9,
        "attempt": 1,
        "created_at": THEN,
        "completed_at": THEN,
        "request": TextToImage(**asked),
    }
    return Job(**told | changed)


def told(one: Job, event: WebhookEventType = WebhookEventType.SUCCEEDED) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(body_of(one, event, THEN))
    return read


def test_the_body_says_who_what_and_when() -> None:
    read = told(job(asked={"metadata": {"user": "7"}}))
    assert read["type"] == "job.succeeded"
    assert read["timestamp"] == "2026-01-01T00:00:00Z"
    data = read["data"]
    assert (data["job_id"], data["status"], data["sequence"]) == ("j", "succeeded", 9)
    assert (data["client_reference"], data["metadata"]) == ("order 12", {"user": "7"})


def test_it_lists_final_images_that_are_there_with_where_the_gateway_has_them() -> None:
    made = (artifact(0), artifact(0, Role.BASE), artifact(1))
    outputs = told(job(artifacts=made, asked={"num_images_per_prompt": 3}))["data"]["outputs"]
    assert [output["href"] for output in outputs] == ["/v1/jobs/j/images/0", "/v1/jobs/j/images/1"]
    assert outputs[0] == {
        "index": 0,
        "media_type": "image/png",
        "width": 64,
        "height": 64,
        "bytes": 10,
        "sha256": "0" * 64,
        "href": "/v1/jobs/j/images/0",
    }


def test_it_never_holds_the_prompt_or_a_key_of_the_store() -> None:
    body = body_of(job(artifacts=(artifact(0),)), WebhookEventType.SUCCEEDED, THEN)
    assert b"secret" not in body
    assert b"images/j/" not in body


def test_progress_is_told_with_progress_alone() -> None:
    one = job(progress=Progress(stage=StageName.SDXL_BASE, step=3, steps=9))
    assert told(one, WebhookEventType.PROGRESS)["data"]["progress"]["step"] == 3
    assert "progress" not in told(one)["data"]


def test_the_reason_of_a_failure_is_told() -> None:
    failed = job(error=Problem(code=ErrorCode.OUT_OF_MEMORY, detail="d" * 9000, retryable=True))
    error = told(failed, WebhookEventType.FAILED)["data"]["error"]
    assert (error["code"], len(error["detail"])) == ("out_of_memory", 2000)


def test_metadata_that_makes_it_too_large_is_left_out() -> None:
    wide = {"asked": {"metadata": {f"{number}": "\U0001f408" * 512 for number in range(16)}}}
    body = body_of(job(**wide), WebhookEventType.SUCCEEDED, THEN)
    assert len(body) <= MOST_BYTES
    assert json.loads(body)["data"]["metadata"] == {}


def test_a_test_is_an_event_of_its_own_type() -> None:
    assert json.loads(trial_body(THEN))["type"] == "webhook.test"
