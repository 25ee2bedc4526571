"""`webhooks`: messages, every attempt to deliver one, and what is done about those that did not arrive."""

from datetime import UTC, datetime

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import client_of
from latentrelay.cli.each import to_each
from latentrelay.cli.options import data_option, json_option
from latentrelay.cli.webhook_tables import attempts_table, messages_table
from latentrelay.contracts import MessageStatus, WebhookAttempt


@click.command()
@click.option("--endpoint", "endpoint_id", metavar="ID", help="Only those to this endpoint.")
@click.option("--job", "job_id", metavar="ID", help="Only those that tell of this job.")
@click.option("--status", type=click.Choice([status.value for status in MessageStatus]), help="Only those.")
@click.option("--limit", type=click.IntRange(1, 250), default=20, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last page ended.")
@json_option
@data_option
def messages(
    *,
    endpoint_id: str | None,
    job_id: str | None,
    status: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
    data: str | None,
) -> None:
    """List messages, newest first."""
    wanted = MessageStatus(status) if status else None
    with client_of(data) as client:
        page = client.webhooks.messages(
            endpoint_id=endpoint_id, job_id=job_id, status=wanted, limit=limit, cursor=cursor
        )
    if as_json:
        click.echo(page.model_dump_json(indent=2))
        return
    click.echo(messages_table(page.data, datetime.now(UTC)) if page.data else "no messages")
    if page.next_cursor:
        click.echo(f"older ones: --cursor {page.next_cursor}", err=True)


@click.command()
@click.argument("message_id", metavar="ID")
@json_option
@data_option
def attempts(*, message_id: str, as_json: bool, data: str | None) -> None:
    """List the last attempts to deliver a message, and what came of each."""
    with client_of(data) as client:
        made = client.webhooks.attempts(message_id)
    if as_json:
        click.echo(TypeAdapter(tuple[WebhookAttempt, ...]).dump_json(made, indent=2))
    else:
        click.echo(attempts_table(made) if made else "no attempts")


@click.command()
@click.argument("message_ids", metavar="ID...", nargs=-1, required=True)
@json_option
@data_option
def resend(*, message_ids: tuple[str, ...], as_json: bool, data: str | None) -> None:
    """Send messages again, now; those that arrived, too."""
    with client_of(data) as client:
        to_each(message_ids, client.webhooks.resend, "is due again", as_json=as_json)


@click.command("drop-message")
@click.argument("message_ids", metavar="ID...", nargs=-1, required=True)
@json_option
@data_option
def drop_message(*, message_ids: tuple[str, ...], as_json: bool, data: str | None) -> None:
    """Drop messages that wait: they are sent no more."""
    with client_of(data) as client:
        to_each(message_ids, client.webhooks.drop, "is dropped", as_json=as_json)
