"""`webhooks`: endpoints, their secrets, and all that is done about them."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import client_of
from latentrelay.cli.options import Decorator, data_option, json_option
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.cli.webhook_care import disable, drop, enable, recover, remove, status, try_out
from latentrelay.cli.webhook_messages import attempts, drop_message, messages, resend
from latentrelay.cli.webhook_tables import endpoint_story, endpoints_table
from latentrelay.contracts import NewWebhookEndpoint, WebhookEndpoint, WebhookEndpointChange, WebhookEndpointSecret
from latentrelay.contracts.event_words import ENDS, EventWord
from latentrelay.errors import UnsafeUrl

ALLOW = "a receiver of your own network is allowed where the stack runs: LATENTRELAY_WEBHOOK_ALLOWED_HOSTS='[\"HOST\"]'"


@click.group()
def webhooks() -> None:
    """Webhooks: who is told what of jobs, and how that goes."""


for _command in (status, try_out, enable, disable, remove, recover, drop, messages, attempts, resend, drop_message):
    webhooks.add_command(_command)


def _tenant(_ctx: click.Context, _param: click.Parameter, told: str | None) -> str | None:
    if told is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", told):
        raise click.BadParameter("must be 1 to 64 letters, digits, - and _")
    return told


_tenant_option: Decorator = click.option(
    "--tenant", metavar="TENANT", callback=_tenant, help="Whose.  [default: LATENTRELAY_TENANT, else default]"
)


def _events_option(default: Sequence[str], told: str) -> Decorator:
    words = click.Choice(get_args(EventWord))
    told = f"What is told of jobs that name no webhook of their own; repeat it. {told}"
    return click.option("--event", "events", type=words, multiple=True, default=default, help=told)


_description_option: Decorator = click.option("--description", metavar="TEXT", help="What it is for.")


@webhooks.command()
@click.argument("url")
@_events_option(ENDS, f" [default: {', '.join(ENDS)}]")
@_description_option
@click.option("--max-per-second", type=click.IntRange(1, 1000), metavar="N", help="It is sent no more than so many.")
@click.option("--asymmetric", is_flag=True, help="Sign with an Ed25519 key, too; its public half is told on stderr.")
@_tenant_option
@json_option
@data_option
def create(*, tenant: str | None, as_json: bool, data: str | None, **wanted: Any) -> None:
    """Register URL, which jobs are told to from now on, and print the secret that its webhooks are signed with.

    The secret is shown this once. Every tenant has endpoints of its own.
    """
    with client_of(data) as client:
        try:
            endpoint = client.webhooks.create(NewWebhookEndpoint(**wanted), tenant=tenant)
        except UnsafeUrl as error:
            raise Ended(f"{error.detail}\n{ALLOW}", USAGE) from None
        others = [one for one in client.webhooks.list() if one.tenant == endpoint.tenant and one.url == endpoint.url]
    if len(others) > 1:
        click.echo(f"{others[-1].id} has this URL too, with a secret of its own", err=True)
    _tell(endpoint, "its secret is not shown again", as_json=as_json)


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@json_option
@data_option
def rotate(*, endpoint_id: str, as_json: bool, data: str | None) -> None:
    """Give an endpoint a new secret, and print it. The old one signs beside it for a day, or as it was configured."""
    with client_of(data) as client:
        endpoint = client.webhooks.rotate(endpoint_id)
    _tell(endpoint, "its new secret is not shown again; the old one signs beside it for a while", as_json=as_json)


def _tell(endpoint: WebhookEndpointSecret, told: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(endpoint.model_dump_json(indent=2))
        return
    click.echo(endpoint.secret)
    click.echo(f"endpoint {endpoint.id} of tenant {endpoint.tenant}; {told}", err=True)
    if endpoint.public_key:
        click.echo(f"public key {endpoint.public_key}", err=True)


@webhooks.command("list")
@json_option
@data_option
def list_endpoints(*, as_json: bool, data: str | None) -> None:
    """List endpoints of all tenants, newest first."""
    with client_of(data) as client:
        found = client.webhooks.list()
    if as_json:
        click.echo(TypeAdapter(tuple[WebhookEndpoint, ...]).dump_json(found, indent=2))
    else:
        click.echo(endpoints_table(found, datetime.now(UTC)) if found else "no webhook endpoints")


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@json_option
@data_option
def show(*, endpoint_id: str, as_json: bool, data: str | None) -> None:
    """Show an endpoint: what it is told, and how it fares."""
    with client_of(data) as client:
        endpoint = client.webhooks.get(endpoint_id)
    click.echo(endpoint.model_dump_json(indent=2) if as_json else endpoint_story(endpoint, datetime.now(UTC)))


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@click.option("--url", metavar="URL", help="Where its webhooks are sent, those that wait too.")
@_events_option((), "They replace those of before.")
@_description_option
@click.option("--max-per-second", type=click.IntRange(0, 1000), metavar="N", help="0: as many as it takes.")
@json_option
@data_option
def change(*, endpoint_id: str, as_json: bool, data: str | None, **fields: Any) -> None:
    """Change an endpoint; what is not given stays. An empty description takes it away."""
    given = {name: value or None for name, value in fields.items() if value not in (None, ())}
    if not given:
        raise Ended("needs something to change: --url, --event, --description or --max-per-second", USAGE)
    with client_of(data) as client:
        endpoint = client.webhooks.change(endpoint_id, WebhookEndpointChange(**given))
    click.echo(endpoint.model_dump_json(indent=2) if as_json else f"endpoint {endpoint.id} is changed")


@webhooks.command()
@_tenant_option
@json_option
@data_option
def secret(*, tenant: str | None, as_json: bool, data: str | None) -> None:
    """Print what a tenant's webhooks to URLs under no registered endpoint are signed with, the newest secret first.

    Such webhooks are sent where LATENTRELAY_WEBHOOK_ANY_URL allows them.
    """
    with client_of(data) as client:
        theirs = client.webhooks.confined_to(tenant) if tenant else client.webhooks
        secrets = theirs.tenant_secrets()
    click.echo(json.dumps([*secrets], indent=2) if as_json else "\n".join(secrets))
