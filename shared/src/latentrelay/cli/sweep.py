"""`sweep`: remove what has had its time now, and prove what is left."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from latentrelay.cli.connection import client_of
from latentrelay.cli.options import data_option, json_option
from latentrelay.cli.problems import FAILED
from latentrelay.cli.tables import size, table

if TYPE_CHECKING:
    from latentrelay.sweeper import Audit, Swept

_HEADS = ("KIND", "OBJECTS", "BYTES", "YOUNG", "ORPHANED", "MISSING")


@click.command()
@click.option("--dry-run", is_flag=True, help="Remove nothing; only look.")
@json_option
@data_option
def sweep(*, dry_run: bool, as_json: bool, data: str | None) -> None:
    """Remove what has had its time, and hold the store against the records.

    Workers do the first by and by. Afterwards nothing should be ORPHANED (named by no job and no upload, and no longer
    YOUNG) or MISSING (named, but not there): ends with 1 where something is, or where the bucket is another stack's.
    """
    with client_of(data) as client:
        swept = None if dry_run else client.sweep()
        audit = client.audit()
    if as_json:
        told = {"swept": asdict(swept) if swept else None, "sound": audit.is_sound, **asdict(audit)}
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo("\n".join(filter(None, (report(audit), told_swept(swept), verdict(audit), told_foreign(audit)))))
    if not audit.is_sound:
        click.get_current_context().exit(FAILED)


def report(audit: "Audit") -> str:
    """A line a kind, then the keys that are not accounted for."""
    rows = [
        (held.kind, str(held.objects), size(held.bytes), *map(str, (held.young, len(held.orphaned), len(held.missing))))
        for held in audit.holdings
    ]
    keys = [f"orphaned: {key}" for held in audit.holdings for key in held.orphaned]
    keys += [f"missing: {key}" for held in audit.holdings for key in held.missing]
    return "\n".join([table([_HEADS, *rows]), *keys])


def told_swept(swept: "Swept | None") -> str:
    """What was removed, where anything was."""
    counts = [f"{count} {name}" for name, count in asdict(swept).items() if count] if swept else []
    return f"swept: {', '.join(counts)}" if counts else ""


def verdict(audit: "Audit") -> str:
    """Whether everything is accounted for."""
    orphaned = sum(len(held.orphaned) for held in audit.holdings)
    missing = sum(len(held.missing) for held in audit.holdings)
    if not orphaned and not missing:
        return "audit: everything is accounted for"
    return f"audit: not accounted for: {orphaned} orphaned, {missing} missing"


def told_foreign(audit: "Audit") -> str:
    """Why no orphan is removed, and how to change that, where the bucket is another stack's."""
    from latentrelay.sweeper import FOREIGN, WAY_OUT  # noqa: PLC0415 -- minio, which `--help` does not need

    return f"{FOREIGN}; {WAY_OUT}" if audit.is_foreign else ""
