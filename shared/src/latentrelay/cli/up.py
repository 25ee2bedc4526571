"""`up`: the whole stack on this machine, and when each worker is ready."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress

import click

from latentrelay.cli.connection import settings_of
from latentrelay.cli.options import data_option, models_option
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.contracts import StageName, WorkerInfo, WorkerState
from latentrelay.settings import Settings

LOOK_SECONDS = 0.2
READY = 'all workers are there; try: latentrelay generate "a lighthouse at dusk" -o lighthouse.png'


@click.command()
@models_option
@click.option(
    "--stage",
    "stages",
    type=click.Choice([stage.value for stage in StageName]),
    multiple=True,
    help="Only this one; repeat it.",
)
@click.option(
    "--workers", metavar="STAGE=N", multiple=True, help="How many workers of a stage; repeat it.  [default: 1]"
)
@data_option
def up(*, models: str | None, stages: Sequence[str], workers: Sequence[str], data: str | None) -> None:
    """Run the whole stack on this machine until Ctrl-C.

    Starts a Valkey and an S3 server (or uses those that LATENTRELAY_REDIS_URL and LATENTRELAY_S3_ENDPOINT name), and a
    worker of each stage. Other commands on this machine find it by its data folder.
    """
    from latentrelay.embedded import up as stack  # noqa: PLC0415 -- redis and minio: `--help` needs neither

    wanted = tuple(map(StageName, stages)) or tuple(StageName)
    counts = read_counts(workers)
    total = sum(counts.get(stage, 1) for stage in wanted)
    stack.up(
        settings_of(data, models),
        say=click.echo,
        stages=wanted,
        workers=counts,
        started=lambda settings: tell_workers(settings, total, click.echo),
    )


def read_counts(words: Iterable[str]) -> dict[StageName, int]:
    """`stage=n`, one a word; n from 0 to 64.

    Raises:
        Ended: a word is none such.
    """
    return dict(map(_count, words))


def _count(word: str) -> tuple[StageName, int]:
    stage, _, number = word.partition("=")
    if stage not in list(StageName) or not number.isdecimal() or int(number) > 64:  # noqa: PLR2004 -- told below
        raise Ended(f"--workers: must be STAGE=N, N from 0 to 64, STAGE one of {', '.join(StageName)}", USAGE)
    return StageName(stage), int(number)


def tell_workers(settings: Settings, total: int, say: Callable[[str], object]) -> None:
    """Tell of each worker when it is ready or cannot serve, for as long as the stack runs."""
    from latentrelay.client import Client  # noqa: PLC0415 -- as above
    from latentrelay.jobs import UNREACHABLE  # noqa: PLC0415 -- as above

    client, began = Client(settings), time.monotonic()
    told: dict[str, WorkerState] = {}
    while True:
        with suppress(*UNREACHABLE):  # the supervisor tells of a server that is away
            for worker in news(told, client.workers()):
                told[worker.id] = worker.state
                say(describe_worker(worker, time.monotonic() - began))
                if is_complete(told, total):
                    say(READY)
        time.sleep(LOOK_SECONDS)


def news(told: Collection[str], workers: Iterable[WorkerInfo]) -> list[WorkerInfo]:
    """The workers that have loaded their model, or cannot, and were not told of."""
    return [worker for worker in workers if worker.id not in told and worker.state is not WorkerState.LOADING]


def is_complete(told: Mapping[str, WorkerState], total: int) -> bool:
    """Whether the last of `total` workers that can serve has just come."""
    return sum(state is not WorkerState.FAILED for state in told.values()) == total


def describe_worker(worker: WorkerInfo, seconds: float) -> str:
    """A line for one worker that has loaded its model, or cannot."""
    if worker.state is WorkerState.FAILED:
        return f"{worker.stage} cannot serve: {worker.detail or 'its log says why'}"
    model = ", ".join(worker.model.values())
    return f"{worker.stage} is ready after {seconds:.1f} s ({model})"
