"""The stack under the soak: two servers behind proxies, and workers that are started again whenever they end."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr

from infra.faults.proxy import Proxy
from latentrelay.contracts import StageName
from latentrelay.embedded.child import Child
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.stage_worker import services_folder, worker_command, worker_environment
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from latentrelay.storage import S3Store

WORKERS_OF_A_STAGE = 2
GRACE_SECONDS = 30.0

# Short, so that in minutes happens what otherwise happens in days; told at the beginning of every soak. Leases are not
# cut short: recovery is that of the defaults.
QUICK = {
    "drain_seconds": 20.0,
    "aging_seconds": 20.0,
    "latents_seconds": 90.0,
    "images_seconds": 150.0,
    "orphan_seconds": 60.0,
    "sweep_seconds": 2.0,
}


class SoakStack:
    """Everything that may be struck. Use it from one thread: children live no longer than who started them."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.valkey = Valkey(folder / "valkey")
        self.seaweed = Seaweed(folder / "seaweed")
        self.redis_proxy, self.store_proxy = Proxy(self.valkey.port), Proxy(self.seaweed.ports["s3"])
        self.direct = Settings(
            redis_url=SecretStr(self.valkey.url),
            s3_endpoint=self.seaweed.endpoint,
            s3_access_key=self.seaweed.access_key,
            s3_secret_key=SecretStr(self.seaweed.secret_key),
            s3_bucket="soak",
            data_dir=folder,
            sdxl_base_model=str(models / "sdxl_base"),
            sdxl_refiner_model=str(models / "sdxl_refiner"),
            unclip_model=str(models / "unclip"),
            device="cpu",
            torch_threads=1,
            **QUICK,  # type: ignore[arg-type]  # mypy reads the values as any field's
        )
        self.proxied = self.direct.model_copy(
            update={
                "redis_url": SecretStr(self.valkey.url.replace(f":{self.valkey.port}/", f":{self.redis_proxy.port}/")),
                "s3_endpoint": f"http://127.0.0.1:{self.store_proxy.port}",
            }
        )
        self.workers = tuple(
            self._worker(folder, stage, n + 1) for stage in StageName for n in range(WORKERS_OF_A_STAGE)
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the servers inside, and end everything afterwards."""
        with ExitStack() as ends:
            for server in (self.valkey, self.seaweed):
                ends.callback(server.stop)
                server.start()
            ends.enter_context(self.redis_proxy)
            ends.enter_context(self.store_proxy)
            S3Store.connect(self.direct).ensure_bucket()
            ends.callback(self.kill_workers)
            yield

    def tend(self) -> Iterator[tuple[str, int]]:
        """Start every worker that does not run; how those ended that did."""
        for worker in self.workers:
            if not worker.alive:
                if worker.code is not None:
                    yield worker.name, worker.code
                worker.start()

    def stop_workers(self) -> None:
        """Let them end in order."""
        for worker in self.workers:
            worker.ask()
        for worker in self.workers:
            worker.wait(GRACE_SECONDS)

    def kill_workers(self) -> None:
        """End them now."""
        for worker in self.workers:
            worker.kill()

    def _worker(self, folder: Path, stage: StageName, number: int) -> Child:
        return Child(
            f"{stage}-{number}",
            worker_command(stage, number),
            folder=folder / "workers",
            cwd=services_folder(),
            environment=worker_environment(self.proxied, os.environ),
        )


def pool_process(worker: Child) -> int | None:
    """The process id of a worker's pool process, while it has one; as Linux tells it."""
    try:
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text("ascii").split()
    except OSError:  # it has just ended
        return None
    return int(children[0]) if children else None
