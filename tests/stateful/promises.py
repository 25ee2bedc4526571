"""What is true of all that lies in Redis, after every step. Pure."""

import re
from collections import defaultdict
from typing import Any

from tests.stateful.snapshot import Snapshot, after, is_live, owners_read

STATUSES = ("queued", "running", "succeeded", "failed", "canceled", "expired")
Feed = list[tuple[str, dict[str, str]]]
MOVES_NOTHING = ("job.progress", "job.image_ready")
ENDS = ("job.succeeded", "job.failed", "job.canceled", "job.expired")
KNOWN = re.compile(
    r"(job|events|preview|refs|live|listed|upload|idempotency):.+"
    r"|(lane|since|turns):[a-z_]+:[012]:[a-z_]*(:[a-z]+)?|(pending|handed|afters|aged):[a-z_]+"
    r"|leases|delayed|deadlines|owners|stages|jobs(:[a-z]+)?|sweep:[a-z]+|uploads|dead|outbox|reaped_at|sdxl_base|sdxl_refiner"
)


def every_job_waits_in_one_lane_or_is_held_or_delayed(now: Snapshot) -> None:
    lanes: dict[str, dict[str, float]] = defaultdict(dict)
    since: dict[str, dict[str, float]] = defaultdict(dict)
    pending: dict[str, dict[str, float]] = defaultdict(dict)
    handed: dict[str, dict[str, float]] = defaultdict(dict)
    for job_id, record in now.waiting.items():
        place, began = f"{record['stage']}:{record['priority']}:{after(record)}", float(record["waits_since"])
        lanes[f"{place}:{record['tenant']}"][job_id] = began
        since[place][job_id] = pending[record["stage"]][job_id] = began
        if not record["route"].startswith(record["stage"]):
            handed[record["stage"]][job_id] = began
    assert now.all("lane") == lanes
    assert now.all("since") == since
    assert now.all("pending") == pending
    assert now.all("handed") == {stage: jobs for stage, jobs in handed.items() if jobs}
    held = {job_id for job_id, record in now.live.items() if record["owner"]}
    assert set(now.one("leases")) == held
    assert set(now.one("delayed")) <= now.live.keys() - held
    assert now.one("owners") == {now.live[job_id]["owner"]: job_id for job_id in held}


def tenants_take_turns_where_they_have_a_lane(now: Snapshot) -> None:
    tenants: dict[str, set[str]] = defaultdict(set)
    numbers: dict[tuple[str, str], set[float]] = defaultdict(set)
    for lane in now.all("lane"):
        place, _, tenant = lane.rpartition(":")
        tenants[place].add(tenant)
        numbers[place.rpartition(":")[0], tenant].add(now.one(f"turns:{place}")[tenant])
    assert {place: set(turns) for place, turns in now.all("turns").items()} == tenants
    assert all(len(turns) == 1 for turns in numbers.values())


def only_running_jobs_are_held(now: Snapshot) -> None:
    for record in now.records.values():
        assert not record["owner"] or record["status"] == "running"


def the_indexes_say_what_the_records_say(now: Snapshot) -> None:
    assert set(now.one("jobs")) == now.records.keys()
    for status in STATUSES:
        told = {job_id for job_id, record in now.records.items() if record["status"] == status}
        assert set(now.one(f"jobs:{status}")) == told
    listed: dict[str, set[str]] = defaultdict(set)
    for job_id, record in now.records.items():
        listed[record["tenant"]].add(job_id)
    assert {tenant: set(jobs) for tenant, jobs in now.all("listed").items()} == listed
    ended = now.records.keys() - now.live.keys()
    assert set(now.one("sweep:records")) == ended
    assert set(now.one("deadlines")) == now.live.keys()


def the_jobs_of_a_tenant_and_the_readers_of_an_object_are_those_that_live(now: Snapshot) -> None:
    tenants: dict[str, set[str]] = defaultdict(set)
    readers: dict[str, set[str]] = defaultdict(set)
    for job_id, record in now.live.items():
        tenants[record["tenant"]].add(job_id)
        for owner in owners_read(record):
            readers[owner].add(job_id)
    assert now.all("live") == tenants
    assert now.all("refs") == readers


def what_a_live_job_reads_is_there(now: Snapshot) -> None:
    for record in now.live.values():
        for owner in owners_read(record):
            made = now.one(f"job:{owner}").get("artifacts", "[]")
            assert f"upload:{owner}" in now.keys or made != "[]"


def attempts_stay_within_their_budget(now: Snapshot, most: int) -> None:
    for record in now.records.values():
        assert 1 <= int(record["attempt"]) - int(record["first_attempt"]) + 1 <= most


def every_move_is_told_once_and_the_end_last(now: Snapshot) -> None:
    for job_id, record in now.records.items():
        events: list[dict[str, Any]] = [event for _, event in now.one(f"events:{job_id}")]
        moves = [int(event["sequence"]) for event in events if event["type"] not in MOVES_NOTHING]
        assert moves == list(range(1, int(record["sequence"]) + 1))
        ends = [event["type"] in ENDS for event in events]
        assert ends == [False] * (len(ends) - 1) + [not is_live(record)]
        assert events[-1]["status"] == record["status"]


def the_feed_tells_every_move_of_every_job(now: Snapshot, feed: Feed, of_tenants: dict[str, Feed]) -> None:
    for job_id, record in now.records.items():
        moves = [(event["type"], event["sequence"]) for _, event in now.one(f"events:{job_id}")]
        for told in (feed, of_tenants[record["tenant"]]):
            news = [(event["type"], event["sequence"]) for _, event in told if event["job_id"] == job_id]
            assert _but_progress(news) == _but_progress(moves)
    assert len(feed) == sum(map(len, of_tenants.values()))


def _but_progress(moves: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of a feed some is left out."""
    return [move for move in moves if move[0] != "job.progress"]


def nothing_else_lies_in_redis(now: Snapshot) -> None:
    assert [key for key in now.keys if not KNOWN.fullmatch(key)] == []
    assert now.all("events").keys() == now.records.keys()
    jobs = set(now.records)
    for name in ("latents", "images", "leftovers"):
        assert set(now.one(f"sweep:{name}")) <= jobs
