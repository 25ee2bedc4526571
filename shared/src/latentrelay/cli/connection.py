"""The settings and the client of a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_settings import SettingsError

from latentrelay.cli.problems import USAGE, Ended
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings, unusable

if TYPE_CHECKING:
    from latentrelay.client import Client


def settings_of(data: str | None) -> Settings:
    """The settings of the environment, with the data folder of `--data` where given.

    Raises:
        Ended: a variable cannot be read or used; it names each one.
    """
    try:
        settings = Settings(data_dir=Path(data)) if data else Settings()
    except ValidationError as error:
        raise Ended("\n".join(unusable(error)), USAGE) from None
    except SettingsError as error:
        raise Ended(f"{error}: it must be JSON", USAGE) from None
    _check_redis_url(settings)
    return settings


def _check_redis_url(settings: Settings) -> None:
    if settings.redis_url is None:
        return
    from latentrelay.jobs import connect  # noqa: PLC0415 -- redis: `--help` does not need it

    try:
        connect(settings).close()
    except StackUnavailable as error:
        raise Ended(error.detail, USAGE) from None


@contextmanager
def client_of(data: str | None) -> Iterator["Client"]:
    """A client of the running stack, closed afterwards.

    Raises:
        StackUnavailable: none runs.
        Ended: a setting cannot be read.
    """
    from latentrelay.client import Client  # noqa: PLC0415 -- celery, redis and minio: `--help` needs none of them

    try:
        client = Client.connect(settings_of(data))
    except ValueError as error:
        raise Ended(f"the settings cannot be used: {error}", USAGE) from None
    try:
        yield client
    finally:
        client.close()
