"""`dead`: look at what nobody could finish, and queue it again or let it go."""

from datetime import UTC, datetime

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import client_of
from latentrelay.cli.options import data_option, json_option
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.cli.tables import letter_story, letters_table
from latentrelay.contracts import DeadLetter, Job


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
    """
    if every == bool(letter_ids):
        raise Ended("needs either the IDs of dead letters or --all", USAGE)
    with client_of(data) as client:
        if every:
            letter_ids = tuple(letter.id for letter in client.dead_letters(10_000) if letter.job_id)
        jobs = [client.requeue(letter_id) for letter_id in letter_ids]
    if as_json:
        click.echo(TypeAdapter(list[Job]).dump_json(jobs, indent=2))
    else:
        for letter_id, job in zip(letter_ids, jobs, strict=True):
            click.echo(f"{letter_id} is job {job.id} now")


@dead.command()
@click.argument("letter_ids", metavar="ID...", nargs=-1, required=True)
@data_option
def drop(*, letter_ids: tuple[str, ...], data: str | None) -> None:
    """Forget dead letters. The jobs that they tell of stay as they are."""
    with client_of(data) as client:
        for letter_id in letter_ids:
            client.drop_dead_letter(letter_id)
            click.echo(f"{letter_id} is dropped")
