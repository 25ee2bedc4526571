"""`init`: make what a new stack needs before anybody asks it."""

from contextlib import closing

import click

from latentrelay.cli.connection import settings_of
from latentrelay.cli.options import data_option
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.contracts import Scope
from latentrelay.errors import InvalidRequest
from latentrelay.settings import Settings

FIRST_KEY = "first"


@click.command()
@data_option
def init(*, data: str | None) -> None:
    """Make what a new stack needs: the bucket with its rules, and the first API key.

    The text of that key is LATENTRELAY_API_KEY, which no log shows; it may do everything, for LATENTRELAY_TENANT. Once
    any key was ever made, no other is made here, and none comes back that was revoked. To be run before the gateway
    starts, as often as you like.
    """
    from latentrelay.stack import locate  # noqa: PLC0415 -- redis: `--help` does not need it
    from latentrelay.storage import S3Store  # noqa: PLC0415 -- as above, minio

    settings = locate(settings_of(data))
    S3Store.connect(settings).ensure_bucket()
    click.echo(f"bucket {settings.s3_bucket}: there, with its rules")
    click.echo(_first_key(settings))


def _first_key(settings: Settings) -> str:
    """Make the first key, and say what became of it."""
    from latentrelay.access import Keys  # noqa: PLC0415 -- as above

    if settings.api_key is None:
        return "first API key: none is named by LATENTRELAY_API_KEY"
    text = settings.api_key.get_secret_value()
    try:
        with closing(Keys.of(settings)) as known:
            key = known.adopt(FIRST_KEY, text, scopes=[Scope.ADMIN], tenant=settings.tenant)
    except InvalidRequest as error:
        raise Ended(f"LATENTRELAY_API_KEY: {error.problems[0].detail}", USAGE) from None
    return f"first API key: {key.id} of tenant {key.tenant}" if key else "first API key: keys were made before"
