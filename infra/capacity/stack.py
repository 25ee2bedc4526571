"""The stack under the comparison: both servers, and an echo worker for each GPU of a fleet."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from pydantic import SecretStr

from latentrelay.client import Client
from latentrelay.contracts import StageName, WorkerState
from latentrelay.embedded.child import Child
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.embedded.valkey import Valkey
from latentrelay.plan.fleet import Fleet
from latentrelay.settings import Settings
from latentrelay.storage import S3Store

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0


@contextmanager
def running(folder: Path, fleet: Fleet, *, max_waiting_for_refiner: int) -> Iterator[Client]:
    """A client of a fresh stack whose workers are ready; ended afterwards."""
    valkey, seaweed = Valkey(folder / "valkey"), Seaweed(folder / "seaweed")
    with ExitStack() as ends:
        for server in (valkey, seaweed):
            ends.callback(server.stop)
            server.start()
        settings = Settings(
            redis_url=SecretStr(valkey.url),
            s3_endpoint=seaweed.endpoint,
            s3_access_key=seaweed.access_key,
            s3_secret_key=SecretStr(seaweed.secret_key),
            s3_bucket="capacity",
            data_dir=folder,
            max_waiting_for_refiner=max_waiting_for_refiner,
        )
        S3Store.connect(settings).ensure_bucket()
        for stage, count in fleet.counts.items():
            for number in range(count):
                worker = _worker(stage, number, folder, settings)
                ends.callback(worker.kill)
                worker.start()
        client = ends.enter_context(closing(Client.connect(settings)))
        await_ready(client, fleet)
        yield client


def _worker(stage: StageName, number: int, folder: Path, settings: Settings) -> Child:
    celery = [sys.executable, "-m", "celery", "-A", "tests.echo.worker", "worker"]
    command = [*celery, "--without-gossip", "--without-mingle", "--hostname", f"{stage}-{number}@%h"]
    environment = worker_environment(settings, os.environ) | {"ECHO_STAGE": stage}
    return Child(f"{stage}-{number}", command, folder=folder / "logs", cwd=ROOT, environment=environment)


def await_ready(client: Client, fleet: Fleet) -> None:
    """Until every worker of `fleet` is there."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if sum(worker.state is WorkerState.READY for worker in client.workers()) == fleet.gpus:
            return
        time.sleep(0.1)
    sys.exit("the workers did not start")
