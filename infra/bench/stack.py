"""The stack under the benchmark: both servers, one gateway process, and echo workers that draw nothing."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from infra.stand.servers import servers
from infra.stand.workers import START_SECONDS, child, echo
from latentrelay.contracts import StageName
from latentrelay.embedded.child import Child

STAGES = (StageName.SDXL_BASE, StageName.SDXL_REFINER)


@dataclass(frozen=True)
class BenchStack:
    """What runs."""

    url: str
    """Of the gateway."""
    gateway: Child

    @property
    def gateway_megabytes(self) -> float:
        """Resident memory of the gateway."""
        return megabytes(self.gateway)

    @property
    def gateway_cpu_seconds(self) -> float:
        """Processor time that the gateway has used."""
        return cpu_seconds(self.gateway)


def megabytes(process: Child) -> float:
    """Resident memory of a process, as Linux tells it."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(process: Child) -> float:
    """Processor time that a process has used, of user and system."""
    fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(folder: Path, *, one_core: bool) -> Iterator[BenchStack]:
    """A fresh stack, ended afterwards; with `one_core` the gateway keeps to one, as it does by itself."""
    with ExitStack() as ends:
        settings = ends.enter_context(servers(folder, gateway_one_core=one_core))
        port = _free_port()
        gateway = child("gateway", ["services.gateway", "--port", str(port)], settings)
        for process in (*(echo(stage, 1, settings) for stage in STAGES), gateway):
            ends.callback(process.kill)
            process.start()
        url = f"http://127.0.0.1:{port}"
        _await(url)
        yield BenchStack(url, gateway)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _await(url: str) -> None:
    """Until the gateway answers and both stages have a ready worker."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(httpx2.HTTPError):
            told = httpx2.get(f"{url}/v1/workers", timeout=5).json()
            if sum(worker["state"] == "ready" for worker in told["data"]) == len(STAGES):
                return
        time.sleep(0.1)
    sys.exit("the stack of the benchmark did not start")
