"""The stack under the comparison: both servers, and an echo worker for each GPU of a fleet."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from infra.stand.servers import servers
from infra.stand.workers import START_SECONDS, echo
from latentrelay.client import Client
from latentrelay.contracts import WorkerState
from latentrelay.plan.fleet import Fleet


@contextmanager
def running(folder: Path, fleet: Fleet, *, max_waiting_for_refiner: int) -> Iterator[Client]:
    """A client of a fresh stack whose workers are ready; ended afterwards."""
    with ExitStack() as ends:
        settings = ends.enter_context(servers(folder, max_waiting_for_refiner=max_waiting_for_refiner))
        for stage, count in fleet.counts.items():
            for number in range(count):
                worker = echo(stage, number, settings)
                ends.callback(worker.kill)
                worker.start()
        client = ends.enter_context(closing(Client.connect(settings)))
        await_ready(client, fleet)
        yield client


def await_ready(client: Client, fleet: Fleet) -> None:
    """Until every worker of `fleet` is there."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if sum(worker.state is WorkerState.READY for worker in client.workers()) == fleet.gpus:
            return
        time.sleep(0.1)
    sys.exit("the workers did not start")
