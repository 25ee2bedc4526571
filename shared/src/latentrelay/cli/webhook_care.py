"""`webhooks`: what is done about endpoints while webhooks are sent."""

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from latentrelay.cli.connection import client_of
from latentrelay.cli.each import to_each
from latentrelay.cli.options import data_option, json_option
from latentrelay.cli.problems import FAILED, INTERRUPTED, Ended
from latentrelay.cli.values import read_moment
from latentrelay.cli.webhook_tables import attempt_line, backlog_table, counted, endpoints_table, is_well, state_of
from latentrelay.contracts import Outcome, WebhookAttempt, WebhookEndpoint

if TYPE_CHECKING:
    from latentrelay.webhooks.webhooks import Webhooks

LOOK_SECONDS = 0.2


@click.command()
@json_option
@data_option
def status(*, as_json: bool, data: str | None) -> None:
    """Tell what waits, and which endpoints fail, are spared or are disabled."""
    with client_of(data) as client:
        backlog, endpoints = client.webhooks.backlog(), client.webhooks.list()
    unwell = [endpoint for endpoint in endpoints if not is_well(endpoint)]
    if as_json:
        told = {"backlog": backlog.model_dump(mode="json"), "unwell": [one.model_dump(mode="json") for one in unwell]}
        click.echo(json.dumps(told, indent=2))
        return
    now = datetime.now(UTC)
    click.echo(f"{backlog_table(backlog, now)}\n")
    if unwell:
        click.echo(endpoints_table(unwell, now))
    else:
        click.echo("all endpoints are well" if endpoints else "no endpoints are registered")


@click.command("test")
@click.argument("endpoint_id", metavar="ID")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0),
    default=20,
    show_default=True,
    metavar="SECONDS",
    help="For so long, until the event has arrived or failed to.",
)
@json_option
@data_option
def try_out(*, endpoint_id: str, seconds: float, as_json: bool, data: str | None) -> None:
    """Send an endpoint an event of no job, and tell what came of it.

    Ends with 1 where it did not arrive at its first attempt, or was not sent in time.
    """
    with client_of(data) as client:
        message = client.webhooks.test(endpoint_id)
        try:
            if not as_json:
                click.echo(f"message {message.id} waits to be sent", err=True)
            attempt = _first_attempt(client.webhooks, message.id, seconds)
        except KeyboardInterrupt:
            raise Ended(_goes_on(message.id), INTERRUPTED) from None
        message, endpoint = client.webhooks.message(message.id), client.webhooks.get(endpoint_id)
    if as_json:
        told = {"message": message.model_dump(mode="json"), "attempt": attempt and attempt.model_dump(mode="json")}
        click.echo(json.dumps(told, indent=2))
    if attempt is None:
        raise Ended(f"message {message.id} was not sent within {seconds:g} s: {_why(endpoint)}", FAILED)
    if attempt.outcome is not Outcome.DELIVERED:
        raise Ended(f"message {message.id} did not arrive: {attempt_line(attempt)}", FAILED)
    if not as_json:
        click.echo(f"message {message.id} arrived: {attempt_line(attempt)}")


def _first_attempt(webhooks: "Webhooks", message_id: str, seconds: float) -> WebhookAttempt | None:
    """The first attempt once it has ended; None where none has in time."""
    end = time.monotonic() + seconds
    while not (attempts := webhooks.attempts(message_id)) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return attempts[0] if attempts else None


def _goes_on(message_id: str) -> str:
    return f"message {message_id} goes on\nsee what came of it: latentrelay webhooks attempts {message_id}"


def _why(endpoint: WebhookEndpoint) -> str:
    if not is_well(endpoint):
        return f"its endpoint is {state_of(endpoint)}"
    return "see `latentrelay webhooks status` for what waits before it, and whether a sender of webhooks runs"


@click.command()
@click.argument("endpoint_ids", metavar="ID...", nargs=-1, required=True)
@json_option
@data_option
def enable(*, endpoint_ids: tuple[str, ...], as_json: bool, data: str | None) -> None:
    """Send endpoints their messages again, those that wait too, as if they had never failed."""
    with client_of(data) as client:
        to_each(endpoint_ids, client.webhooks.enable, "is enabled", as_json=as_json)


@click.command()
@click.argument("endpoint_ids", metavar="ID...", nargs=-1, required=True)
@json_option
@data_option
def disable(*, endpoint_ids: tuple[str, ...], as_json: bool, data: str | None) -> None:
    """Send endpoints nothing until they are enabled. Their messages wait."""
    with client_of(data) as client:
        to_each(endpoint_ids, client.webhooks.disable, "is disabled", as_json=as_json)


@click.command()
@click.argument("endpoint_ids", metavar="ID...", nargs=-1, required=True)
@data_option
def remove(*, endpoint_ids: tuple[str, ...], data: str | None) -> None:
    """Forget endpoints, and drop the messages that wait for them."""
    with client_of(data) as client:
        to_each(endpoint_ids, client.webhooks.remove, "is removed")


def _moment(_ctx: click.Context, _param: click.Parameter, told: str | None) -> datetime | None:
    try:
        return read_moment(told, datetime.now(UTC)) if told is not None else None
    except ValueError:
        detail = "must be an age like 30min, 2h or 1d, or a time like 2030-12-31T23:59:00Z"
        raise click.BadParameter(detail) from None


@click.command()
@click.argument("endpoint_id", metavar="ID")
@click.option("--since", callback=_moment, required=True, metavar="AGE|TIME", help="Those made since then.")
@click.option("--until", callback=_moment, metavar="AGE|TIME", help="Those made until then.  [default: now]")
@data_option
def recover(*, endpoint_id: str, since: datetime, until: datetime | None, data: str | None) -> None:
    """Let what an endpoint missed in a period be due again now: what failed, and what waits; not what was dropped.

    It begins and ends so long ago (30min, 2h, 1d), or at a time (2030-12-31T23:59:00Z).
    """
    with client_of(data) as client:
        count = client.webhooks.recover(endpoint_id, since, until)
    click.echo(f"due again: {counted(count, 'message')}")


@click.command()
@click.argument("endpoint_id", metavar="ID")
@data_option
def drop(*, endpoint_id: str, data: str | None) -> None:
    """Drop all messages that wait for an endpoint: they are sent no more."""
    with client_of(data) as client:
        count = client.webhooks.drop_all(endpoint_id)
    click.echo(f"dropped: {counted(count, 'message')}")
