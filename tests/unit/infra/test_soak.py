"""The proof of a soak finds what it must find, and its figures are right. Pure: the evidence is made up."""

from dataclasses import replace
from typing import Any

import pytest

from infra.soak.campaign import FaultKind, drawn
from infra.soak.evidence import Evidence
from infra.soak.ledger import Entry
from infra.soak.palette import PICTURES
from infra.soak.proof import Promise, broken
from infra.soak.report import at_rank, last_line, recovered, wasted, worked

BASE, REFINER = "sdxl_base", "sdxl_refiner"
FILES = [["final/0", "aa"]]


def told(at: float, kind: str, stage: str = BASE, attempt: int = 1) -> Entry:
    return {"at": at, "type": f"job.{kind}", "stage": stage, "attempt": attempt}


STREAM = [told(0, "queued"), told(1, "started"), told(2, "progress"), told(3, "succeeded")]


def accepted(job_id: str = "a", **facts: Any) -> Entry:
    return {
        "what": "accepted",
        "job_id": job_id,
        "key": f"key of {job_id}",
        "picture": "base",
        "deadline": None,
    } | facts


def record(job_id: str = "a", **facts: Any) -> Entry:
    ended = {"status": "succeeded", "code": None, "gpu_seconds": {"sdxl_base/2": 10.0}, "events": STREAM}
    return {"what": "record", "job_id": job_id, "key": f"key of {job_id}"} | ended | facts


def struck(at: float, kind: FaultKind = FaultKind.WORKER_KILLED, **facts: Any) -> Entry:
    held = [{"job_id": "a", "stage": BASE, "attempt": 1}]
    return {"what": "struck", "at": at, "kind": kind, "target": "base-1", "held": held, "removed": []} | facts


SOUND: list[Entry] = [
    {"what": "reference", "picture": "base", "files": FILES},
    {"what": "begun", "at": 0.0},
    accepted(),
    record(),
    {"what": "seen", "job_id": "a", "files": FILES},
    {"what": "left", "orphaned": [], "missing": [], "leaked": []},
    {"what": "over", "at": 60.0},
]


def found(*more: Entry, without: str = "") -> set[Promise]:
    entries = [entry for entry in SOUND if entry["what"] != without] + list(more)
    return {one.promise for one in broken(Evidence.of(entries))}


def test_a_sound_soak_broke_no_promise() -> None:
    assert found() == set()


def test_a_job_without_a_record_is_found() -> None:
    assert found(accepted("b")) == {Promise.ENDED}


def test_a_job_that_never_ended_is_found() -> None:
    assert found(accepted("b"), record("b", status="running", events=STREAM[:3])) == {Promise.ENDED}


def test_an_end_that_no_event_tells_is_found() -> None:
    assert Promise.ENDED in found(record(events=STREAM[:3]), without="record")


def test_two_terminal_events_are_found() -> None:
    assert found(record(events=[*STREAM, STREAM[-1]]), without="record") == {Promise.ONCE}


def test_an_event_after_the_end_is_found() -> None:
    assert found(record(events=[*STREAM, told(4, "progress")]), without="record") == {Promise.ONCE}


def test_an_end_other_than_the_records_is_found() -> None:
    assert found(record(events=[*STREAM[:3], told(3, "failed")]), without="record") == {Promise.ONCE}


def test_an_attempt_that_was_committed_twice_is_found() -> None:
    twice = [told(2, "stage_finished"), told(2, "stage_finished")]
    assert found(record(events=[*STREAM[:3], *twice, STREAM[-1]]), without="record") == {Promise.ONCE}


@pytest.mark.parametrize(
    "second", [{"what": "repeated", "key": "key of a", "job_id": "b"}, record("b", key="key of a")]
)
def test_a_key_that_became_two_jobs_is_found(second: Entry) -> None:
    assert found(second) == {Promise.ONCE}


@pytest.mark.parametrize("files", [[], [["final/0", "ab"]], [["final/0", "aa"], ["final/0", "aa"]]])
def test_a_missing_a_wrong_and_a_doubled_image_are_found(files: list[list[str]]) -> None:
    assert found({"what": "seen", "job_id": "a", "files": files}, without="seen") == {Promise.IMAGES}


def test_images_that_could_not_be_fetched_are_found() -> None:
    assert found(without="seen") == {Promise.IMAGES}


@pytest.mark.parametrize(
    ("status", "code"),
    [("canceled", None), ("expired", "deadline_exceeded"), ("failed", "internal"), ("failed", "not_found")],
)
def test_an_end_that_nobody_asked_for_is_found(status: str, code: str | None) -> None:
    events = [*STREAM[:3], told(3, status)]
    assert found(record(status=status, code=code, events=events), without="record") == {Promise.REASON}


def test_ends_that_the_campaign_asked_for_are_none_of_the_jobs_fault() -> None:
    ended = {status: [*STREAM[:3], told(3, status)] for status in ("canceled", "expired", "failed")}
    assert not found(
        *(accepted("b"), record("b", status="canceled", events=ended["canceled"])),
        {"what": "cancel", "job_id": "b"},
        *(accepted("c", deadline=1.0), record("c", status="expired", events=ended["expired"])),
        *(accepted("d"), record("d", status="failed", code="internal", events=ended["failed"])),
        *(struck(at, held=[{"job_id": "d", "stage": BASE, "attempt": at}]) for at in (1, 2, 3)),
        *(accepted("e"), record("e", status="failed", code="not_found", reads=["latents/x"], events=ended["failed"])),
        struck(4, FaultKind.LATENTS_LOST, held=[], removed=["latents/x"]),
    )


@pytest.mark.parametrize("name", ["orphaned", "missing"])
def test_objects_that_nobody_names_or_that_are_gone_are_found(name: str) -> None:
    left = {"what": "left", "orphaned": [], "missing": [], "leaked": [], name: ["latents/a/sdxl_base/1/0"]}
    assert found(left, without="left") == {Promise.STORE}


def test_an_object_that_the_campaign_removed_is_not_missed() -> None:
    left = {"what": "left", "orphaned": [], "missing": ["latents/a"], "leaked": []}
    assert found(left, struck(1, FaultKind.LATENTS_LOST, removed=["latents/a"]), without="left") == set()


def test_keys_that_are_left_in_redis_are_found() -> None:
    left = {"what": "left", "orphaned": [], "missing": [], "leaked": ["latentrelay:owners"]}
    assert found(left, without="left") == {Promise.KEYS}


RECOVERED = [
    *(told(0, "queued"), told(1, "started"), told(2, "progress"), told(3, "image_ready"), told(3.5, "progress")),
    *(told(9, "retried", attempt=2), told(10, "stage_started", attempt=2), told(12, "progress", attempt=2)),
    told(13, "succeeded", attempt=2),
]


def evidence(*more: Entry) -> Evidence:
    return Evidence.of([*(entry for entry in SOUND if entry["what"] != "record"), record(events=RECOVERED), *more])


def test_recovery_lasts_from_the_strike_to_the_next_attempt() -> None:
    assert list(recovered(evidence(struck(6.0)))) == [4.0]


def test_a_worker_that_was_told_to_end_or_held_nothing_needs_no_recovery() -> None:
    assert not list(recovered(evidence(struck(6.0, FaultKind.WORKER_DRAINED), struck(6.0, held=[]))))


def test_work_done_twice_is_the_steps_of_a_lost_attempt_that_no_image_kept() -> None:
    assert (wasted(evidence()), worked(evidence())) == (0.5, 10.0)


def test_a_long_pause_between_two_steps_is_no_work() -> None:
    paused = [told(0, "started"), told(0.5, "progress"), told(9, "progress"), told(12, "retried", attempt=2)]
    again = [*paused, told(13, "stage_started", attempt=2)]
    assert wasted(Evidence.of([record(events=again)])) == 1.5


def test_a_stage_that_draws_again_what_was_lost_in_the_store_did_its_work_twice() -> None:
    again = [told(0, "queued"), told(1, "started"), told(4, "progress"), told(4, "stage_finished")]
    again += [told(5, "stage_started", REFINER), told(5, "retried"), told(6, "stage_started", attempt=2)]
    assert wasted(Evidence.of([record(events=again, gpu_seconds={"sdxl_base/1": 3.0, "sdxl_base/2": 3.0})])) == 3.0


def test_the_last_line_is_read_by_machines() -> None:
    lost = accepted("b")
    line = last_line(evidence(struck(6.0), lost), broken(evidence(struck(6.0), lost)))
    assert line == "soak: 2 jobs, 1 faults of 1 kinds, lost 1, doubled 0, recovery p95 4.0 s, waste 5.0 %"


def test_ranks_are_of_values_that_were_measured() -> None:
    assert [at_rank([1.0, 2.0, 3.0, 4.0], rank) for rank in (0.5, 0.95, 1.0)] == [2.0, 4.0, 4.0]
    assert at_rank([], 0.95) == 0.0


def test_a_seed_draws_the_same_campaign_and_another_seed_another() -> None:
    assert drawn(1, 600) == drawn(1, 600)
    assert drawn(1, 600) != drawn(2, 600)


def test_ten_minutes_draw_every_picture_and_every_fault_and_more_than_500_jobs() -> None:
    campaign = drawn(1, 600)
    assert len(campaign.orders) >= 500
    assert {order.picture for order in campaign.orders} == set(PICTURES)
    assert {fault.kind for fault in campaign.faults} == set(FaultKind)
    assert len({order.key for order in campaign.orders}) == len(campaign.orders)


def test_a_campaign_is_in_the_order_of_time() -> None:
    campaign = drawn(3, 120)
    assert list(campaign.orders) == sorted(campaign.orders, key=lambda order: order.at)
    assert replace(campaign, orders=()).faults == tuple(sorted(campaign.faults, key=lambda fault: fault.at))
