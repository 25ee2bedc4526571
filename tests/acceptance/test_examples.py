"""The examples run, each in a process of its own, as a newcomer runs them: a gateway, and workers of all stages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from latentrelay.access import Keys
from latentrelay.contracts import Scope, StageName
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.storage import S3Store
from tests.conftest import ROOT, connected
from tests.gateway.serving import served
from tests.processes import START_SECONDS, WorkerProcesses
from tests.programs import program

EXAMPLES = ROOT / "examples"
SCRIPTS = [
    ([sys.executable], "generate.py", {"lighthouse.png", "variation-0.png", "variation-1.png"}),
    ([sys.executable], "generate_async.py", {"dawn.png", "noon.png", "dusk.png"}),
    ([sys.executable], "openai_client.py", {"image.png", "variation.png", "refined.png"}),
    (["bash"], "generate.sh", {"lighthouse.png"}),
    (["node"], "generate.mjs", {"lighthouse.png"}),
]


@pytest.fixture(scope="module")
def environment(valkey: Valkey, seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What leads an example to the gateway: its URL, and a key."""
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    settings = connected(valkey, seaweed)
    S3Store.connect(settings).ensure_bucket()
    _, key = Keys.of(settings).create("examples", scopes=(Scope.SUBMIT, Scope.READ))
    processes = WorkerProcesses(settings, tmp_path_factory.mktemp("workers"))
    for stage in StageName:
        processes.start("tests.echo.worker", stage, ECHO_STAGE=stage)
    with served(settings) as url:
        yield {**os.environ, "LATENTRELAY_URL": url, "LATENTRELAY_API_KEY": key}
    processes.kill()


@pytest.mark.parametrize(("runs", "name", "files"), SCRIPTS, ids=[name for _, name, _ in SCRIPTS])
def test_an_example_draws_what_it_says(
    runs: list[str], name: str, files: set[str], environment: dict[str, str], tmp_path: Path
) -> None:
    for needed in (runs[0], *(["curl"] if runs == ["bash"] else [])):
        program(needed, "apt-get install nodejs curl")
    command = [*runs, str(EXAMPLES / name), str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {file.name: file.stat().st_size for file in (tmp_path / "out").iterdir()}
    assert set(made) == files
    assert all(made.values())


def test_every_example_is_run() -> None:
    assert {name for _, name, _ in SCRIPTS} == {file.name for file in EXAMPLES.iterdir()} - {"README.md"}
