"""`stages`: what the stages do, and whether they take jobs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import client_of
from latentrelay.cli.options import Decorator, data_option, json_option
from latentrelay.cli.stage_tables import stages_table
from latentrelay.contracts import StageInfo, StageName

if TYPE_CHECKING:
    from latentrelay.client import Client

stage_argument: Decorator = click.argument("stage", type=click.Choice([stage.value for stage in StageName]))


@click.group(invoke_without_command=True)
@json_option
@data_option
@click.pass_context
def stages(ctx: click.Context, *, as_json: bool, data: str | None) -> None:
    """List the stages: whether they take jobs, what waits, and what they did in the last quarter of an hour."""
    if ctx.invoked_subcommand is not None:
        return
    with client_of(data) as client:
        found = client.stages()
    if as_json:
        click.echo(TypeAdapter(tuple[StageInfo, ...]).dump_json(found, indent=2))
    else:
        click.echo(stages_table(found, datetime.now(UTC)))


@stages.command()
@stage_argument
@json_option
@data_option
def pause(*, stage: str, as_json: bool, data: str | None) -> None:
    """Give no job to the workers of a stage. What they hold they finish; jobs are accepted and wait."""
    _stand(data, lambda client: client.pause(StageName(stage)), as_json=as_json)


@stages.command()
@stage_argument
@json_option
@data_option
def drain(*, stage: str, as_json: bool, data: str | None) -> None:
    """Refuse jobs that would pass a stage. Those that were accepted are worked off."""
    _stand(data, lambda client: client.drain(StageName(stage)), as_json=as_json)


@stages.command()
@stage_argument
@json_option
@data_option
def resume(*, stage: str, as_json: bool, data: str | None) -> None:
    """Let a stage take jobs and work on them, at once."""
    _stand(data, lambda client: client.resume(StageName(stage)), as_json=as_json)


def _stand(data: str | None, act: Callable[["Client"], StageInfo], *, as_json: bool) -> None:
    with client_of(data) as client:
        told = act(client)
    click.echo(told.model_dump_json(indent=2) if as_json else became(told))


def became(told: StageInfo) -> str:
    """What a stage is now, and what it has left to do."""
    return f"{told.stage} is {told.state}: {told.depth} jobs wait, {told.in_flight} are worked on"
