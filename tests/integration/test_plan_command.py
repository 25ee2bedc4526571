"""`latentrelay plan` without figures: from the jobs that a running stack did last."""

import json
import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from latentrelay import Job, Refine, RefineMode, StageName, TextToImage
from latentrelay.cli import main
from latentrelay.client import Client
from latentrelay.jobs import Claims, connect
from latentrelay.settings import Settings
from tests.processes import address

BASE, REFINER, _ = StageName
SECONDS = {BASE: 4.0, REFINER: 1.0}


@pytest.fixture
def claims(settings: Settings) -> Claims:
    return Claims(connect(settings), lease_seconds=30, max_attempts=3)


def do(claims: Claims, stage: StageName) -> None:
    """The job that goes first, as if it had taken the seconds of its stage."""
    claim = claims.claim(stage, uuid.uuid4().hex)
    assert claim
    finished_at = claim.timing.started_at + timedelta(seconds=SECONDS[stage])
    timing = claim.timing.model_copy(update={"finished_at": finished_at})
    claims.commit(claim, (), (*claim.job.metrics.stages, timing))


def did(client: Client, claims: Claims, count: int, mode: RefineMode) -> list[Job]:
    jobs = [client.submit(TextToImage(prompt="x", refine=Refine(mode=mode))) for _ in range(count)]
    for _job in jobs:
        do(claims, BASE)
        if mode is not RefineMode.NONE:
            do(claims, REFINER)
    return jobs


def plan(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(main, ["plan", "--jobs", "200", *words], env=address(settings))


def test_stage_times_and_the_mix_are_those_of_the_last_jobs(client: Client, claims: Claims, settings: Settings) -> None:
    did(client, claims, 15, RefineMode.ENSEMBLE)
    did(client, claims, 15, RefineMode.NONE)
    ended = plan(settings, "--rate", "30/min", "--p95", "20s", "--json")
    assert ended.exit_code == 0, ended.output
    found = json.loads(ended.stdout)["this"]
    works = {stage: found["stages"][stage]["work"]["p50"] for stage in found["stages"]}
    assert works == {"sdxl_base": 4.0, "sdxl_refiner": 1.0}
    assert found["fleet"] == {"base": 3, "refiner": 1, "variation": 0}


def test_a_stack_that_has_done_little_is_no_ground_to_plan_on(
    client: Client, claims: Claims, settings: Settings
) -> None:
    did(client, claims, 3, RefineMode.NONE)
    ended = plan(settings, "--rate", "30/min", "--p95", "20s")
    assert ended.exit_code == 2
    assert "the stack has done 3 jobs, too few to plan by; give --base-seconds" in ended.stderr
