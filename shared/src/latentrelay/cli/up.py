"""`up`: the whole stack on this machine, and when each worker is ready."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from latentrelay.cli.connection import settings_of
from latentrelay.cli.models import (
    check_models,
    folder_of_models,
    miniatures_here,
    told_of_models,
    with_models_of,
)
from latentrelay.cli.options import data_option, models_option
from latentrelay.cli.problems import FAILED, USAGE, Ended
from latentrelay.cli.roll import Roll
from latentrelay.contracts import StageName
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings

if TYPE_CHECKING:
    from latentrelay.client import Client

LOOK_SECONDS = 0.2


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
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Of the HTTP gateway; 0 takes a free one.  [default: LATENTRELAY_GATEWAY_PORT, else 8000]",
)
@click.option(
    "--host", help="The address that the gateway listens at.  [default: LATENTRELAY_GATEWAY_HOST, else 127.0.0.1]"
)
@click.option("--no-gateway", is_flag=True, help="Serve no HTTP.")
@data_option
def up(
    *,
    models: str | None,
    stages: Sequence[str],
    workers: Sequence[str],
    port: int | None,
    host: str | None,
    no_gateway: bool,
    data: str | None,
) -> None:
    """Run the whole stack on this machine until Ctrl-C.

    Starts a Valkey and an S3 server (or uses those that LATENTRELAY_REDIS_URL and LATENTRELAY_S3_ENDPOINT name), the
    HTTP gateway, and a worker of each stage. Where no models are named it runs the miniatures of its clone, on servers
    of its own alone. Other commands on this machine find it by its data folder. Ends with 1 where no worker can serve.
    """
    from latentrelay.embedded import up as stack  # noqa: PLC0415 -- redis and minio: `--help` needs neither

    wanted = tuple(map(StageName, stages)) or tuple(StageName)
    counts = dict.fromkeys(wanted, 1) | read_counts(workers)
    counts = {stage: counts[stage] for stage in wanted if counts[stage]}
    named = {"gateway_port": port, "gateway_host": host}
    settings = with_models(settings_of(data), None if models is None else Path(models), counts).model_copy(
        update={name: value for name, value in named.items() if value is not None}
    )
    try:
        stack.up(
            settings,
            say=click.echo,
            stages=tuple(counts),
            workers=counts,
            gateway=not no_gateway,
            started=lambda linked: tell_workers(linked, counts, click.echo),
        )
    except StackUnavailable as error:  # it failed to be the stack, rather than to reach one
        raise Ended(error.detail, FAILED) from None


def with_models(settings: Settings, given: Path | None, stages: Collection[StageName]) -> Settings:
    """The settings with the models that `stages` run, which are told.

    Raises:
        Ended: the folder that is given lacks one of them.
    """
    miniatures = miniatures_here()
    folder = folder_of_models(settings, given, miniatures)
    if given is not None:
        check_models(given, stages)
    chosen = with_models_of(settings, folder)
    click.echo(told_of_models(chosen, stages, miniature=folder is not None and folder == miniatures))
    return chosen


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


def tell_workers(settings: Settings, counts: Mapping[StageName, int], say: Callable[[str], object]) -> None:
    """Tell of each worker when it is ready and when it is gone, for as long as the stack runs."""
    from latentrelay.client import Client  # noqa: PLC0415 -- as above

    client, roll = Client(settings), Roll(counts)
    while True:
        tell_once(client, roll, say)
        time.sleep(LOOK_SECONDS)


def tell_once(client: "Client", roll: Roll, say: Callable[[str], object]) -> None:
    """Tell what has changed since the last look."""
    with suppress(StackUnavailable):  # the supervisor tells of a server that is away
        for line in roll.look(client.workers(), time.monotonic()):
            say(line)
