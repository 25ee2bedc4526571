"""`dead`: look at what nobody could finish, and queue it again or let it go."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import client_of
from latentrelay.cli.options import data_option, json_option
from latentrelay.cli.problems import FAILED, USAGE, Ended
from latentrelay.cli.tables import letter_story, letters_table
from latentrelay.contracts import DeadLetter, Job
from latentrelay.errors import LatentRelayError, StackUnavailable

if TYPE_CHECKING:
    from latentrelay.client import Client


@click.group()
def dead() -> None:
    """Jobs that used up their attempts, and messages nobody could read."""


@dead.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@json_option
@data_option
def list_letters(*, limit: int, as_json: bool, data: str | None) -> None:
    """List dead letters, newest first."""
    with client_of(data) as client:
        letters = client.dead_letters(limit)
    if as_json:
        click.echo(TypeAdapter(tuple[DeadLetter, ...]).dump_json(letters, indent=2))
    else:
        click.echo(letters_table(letters, datetime.now(UTC)) if letters else "no dead letters")


@dead.command("show")
@click.argument("letter_id", metavar="ID")
@json_option
@data_option
def show_letter(*, letter_id: str, as_json: bool, data: str | None) -> None:
    """Show a dead letter: what it tells of, and the reason."""
    with client_of(data) as client:
        letter = client.dead_letter(letter_id)
    click.echo(letter.model_dump_json(indent=2) if as_json else letter_story(letter))


@dead.command()
@click.argument("letter_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every dead letter that tells of a job.")
@json_option
@data_option
def requeue(*, letter_ids: tuple[str, ...], every: bool, as_json: bool, data: str | None) -> None:
    """Submit the jobs that dead letters tell of again, and drop the letters.

    The failed jobs stay as they are: each is asked for again as a new job, with its seed and without its deadline.
    One that cannot be is told and holds up no other; ends with 1 where one was.
    """
    if every == bool(letter_ids):
        raise Ended("needs either the IDs of dead letters or --all", USAGE)
    with client_of(data) as client:
        if every:
            letter_ids = tuple(letter.id for letter in client.dead_letters(10_000) if letter.job_id)
        jobs = [_requeued(client, letter_id, is_quiet=as_json) for letter_id in letter_ids]
    if as_json:
        click.echo(TypeAdapter(list[Job]).dump_json([job for job in jobs if job], indent=2))
    if None in jobs:
        click.get_current_context().exit(FAILED)


def _requeued(client: "Client", letter_id: str, *, is_quiet: bool) -> Job | None:
    """The new job; None, the reason told, where there cannot be one."""
    try:
        job = client.requeue(letter_id)
    except StackUnavailable:  # as for every other letter
        raise
    except LatentRelayError as error:
        click.echo(f"latentrelay: {letter_id}: {error.detail}", err=True)
        return None
    if not is_quiet:
        click.echo(f"{letter_id} is job {job.id} now")
    return job


@dead.command()
@click.argument("letter_ids", metavar="ID...", nargs=-1, required=True)
@data_option
def drop(*, letter_ids: tuple[str, ...], data: str | None) -> None:
    """Forget dead letters. The jobs that they tell of stay as they are."""
    with client_of(data) as client:
        for letter_id in letter_ids:
            client.drop_dead_letter(letter_id)
            click.echo(f"{letter_id} is dropped")
