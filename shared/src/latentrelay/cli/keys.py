"""`keys`: who may ask over HTTP."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import settings_of
from latentrelay.cli.options import Decorator, data_option, json_option
from latentrelay.cli.tables import ago, table
from latentrelay.contracts import ApiKey, Quotas, Scope

if TYPE_CHECKING:
    from latentrelay.access import Keys


def _quota(field: str, told: str) -> Decorator:
    default = Quotas.model_fields[field].default or "as many as it likes"
    told = f"{told}  [default: {default}]"
    return click.option(f"--{field.replace('_', '-')}", field, type=click.IntRange(1), metavar="N", help=told)


@click.group()
def keys() -> None:
    """API keys: who may ask over HTTP, for what, and how much."""


@keys.command()
@click.argument("name")
@click.option("--tenant", metavar="TENANT", help="Whose jobs it submits and sees.  [default: a tenant of its own]")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=(Scope.SUBMIT.value, Scope.READ.value),
    show_default=True,
    help="What it may do; repeat it.",
)
@_quota("in_flight", "Jobs of its tenant that have not ended.")
@_quota("per_minute", "Requests of its tenant in a minute.")
@_quota("pixels_per_day", "Pixels of all final images of its tenant in a day (UTC).")
@json_option
@data_option
def create(
    *, name: str, tenant: str | None, scopes: Sequence[str], as_json: bool, data: str | None, **quotas: int | None
) -> None:
    """Make a key that is called NAME, and print its text.

    The text is shown this once; only a hash of it is kept. From the first key on, nobody is let in without one.
    """
    wanted = Quotas(**{field: most for field, most in quotas.items() if most is not None})
    with _keys_of(data) as known:
        key, text = known.create(name, scopes=map(Scope, scopes), quotas=wanted, tenant=tenant)
    if as_json:
        click.echo(json.dumps(key.model_dump(mode="json") | {"text": text}, indent=2))
        return
    click.echo(text)
    click.echo(f"key {key.id} of tenant {key.tenant}; its text is not shown again", err=True)


@keys.command("list")
@json_option
@data_option
def list_keys(*, as_json: bool, data: str | None) -> None:
    """List keys, newest first, those that are revoked too."""
    with _keys_of(data) as known:
        found = known.list()
    if as_json:
        click.echo(TypeAdapter(tuple[ApiKey, ...]).dump_json(found, indent=2))
    else:
        click.echo(keys_table(found, datetime.now(UTC)) if found else "no keys")


@keys.command()
@click.argument("key_id", metavar="ID")
@json_option
@data_option
def revoke(*, key_id: str, as_json: bool, data: str | None) -> None:
    """Let a key in no more, from now on. Its jobs go on."""
    with _keys_of(data) as known:
        key = known.revoke(key_id)
    click.echo(key.model_dump_json(indent=2) if as_json else f"key {key.id} is revoked")


def keys_table(found: Sequence[ApiKey], now: datetime) -> str:
    """A line a key."""
    heads = ("ID", "NAME", "TENANT", "SCOPES", "IN FLIGHT", "PER MINUTE", "PIXELS A DAY", "MADE", "REVOKED")
    return table([heads, *(_row(key, now) for key in found)])


def _row(key: ApiKey, now: datetime) -> tuple[str, ...]:
    scopes = ",".join(scope for scope in Scope if scope in key.scopes)
    revoked = f"{ago(now - key.revoked_at)} ago" if key.revoked_at else ""
    quotas = (str(most or "") for most in (key.quotas.in_flight, key.quotas.per_minute, key.quotas.pixels_per_day))
    return (key.id, key.name, key.tenant, scopes, *quotas, f"{ago(now - key.created_at)} ago", revoked)


@contextmanager
def _keys_of(data: str | None) -> Iterator["Keys"]:
    """The keys of the running stack.

    Raises:
        StackUnavailable: none runs.
        Ended: a setting cannot be read.
    """
    from latentrelay.access import Keys  # noqa: PLC0415 -- redis: `--help` does not need it
    from latentrelay.stack import locate  # noqa: PLC0415 -- as above

    with closing(Keys.of(locate(settings_of(data)))) as known:
        yield known
