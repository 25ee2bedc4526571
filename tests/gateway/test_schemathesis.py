"""The gateway against its own document: what fits a schema is taken, what does not is a problem that names it."""

import subprocess
import sys
from pathlib import Path

import pytest

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Quotas, Scope, StageName, WorkerState
from latentrelay.settings import Settings
from tests.gateway.serving import served
from tests.gateway.telling import telling
from tests.processes import Start, until

EXAMPLES = 5  # of each operation in the fuzzing phase; the coverage phase has as many as its schema has corners
ELSEWHERE = "^/v1/events$|/(pause|drain)$"  # the one never ends, the others would hold up all that is asked here
PHASES = "examples,coverage,fuzzing,stateful"


@pytest.fixture
def schemathesis() -> list[str]:
    here = Path(__file__).parent / "schemathesis.toml"
    return [sys.executable, "-m", "schemathesis.cli", "--config-file", str(here), "run"]


@pytest.mark.timeout(900)
def test_schemathesis_finds_nothing_with_all_its_checks(
    settings: Settings, client: Client, start: Start, schemathesis: list[str]
) -> None:
    for stage in StageName:
        start(stage)
    until(lambda: [told.state for told in client.workers()].count(WorkerState.READY) == 3, "the workers are ready")
    quotas = Quotas(in_flight=20_000, per_minute=1_000_000)
    _, key = Keys.of(settings).create("schemathesis", scopes=[*Scope], quotas=quotas)
    with served(telling(settings), may_be_open=False) as url:
        run = subprocess.run(
            [
                *schemathesis,
                f"{url}/openapi.json",
                *("--checks", "all", "--phases", PHASES, "--max-examples", str(EXAMPLES)),
                *("--generation-deterministic", "--request-timeout", "60", "--suppress-health-check", "all"),
                *("--header", f"Authorization: Bearer {key}"),
                *("--exclude-path-regex", ELSEWHERE),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-20_000:]
