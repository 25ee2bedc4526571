"""What Prometheus is to scrape beside the gateway: the workers that are alive, as its service discovery reads them."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from latentrelay.client import Client
from latentrelay.contracts import Told, WorkerInfo


class Target(Told):
    """A target with its labels; those of `__meta_` are gone after relabeling."""

    targets: tuple[str, ...]
    labels: dict[str, str]


def worker_targets(client: Client) -> tuple[Target, ...]:
    """A target for each worker that tells its metrics.

    Raises:
        StackUnavailable: Redis does not answer.
    """
    return tuple(_targets(client.workers()))


def _targets(workers: tuple[WorkerInfo, ...]) -> Iterator[Target]:
    for worker in workers:
        if worker.metrics_url is not None:
            url = urlsplit(worker.metrics_url)
            about = {"stage": worker.stage, "worker": worker.id, "host": worker.host}
            meta = {f"__meta_latentrelay_{name}": value for name, value in about.items()}
            yield Target(targets=(url.netloc,), labels={"__metrics_path__": url.path, **meta})
