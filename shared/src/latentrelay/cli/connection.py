"""The settings and the client of a command."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_settings import SettingsError

from latentrelay.cli.problems import USAGE, Ended
from latentrelay.contracts import StageName
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings, unusable

if TYPE_CHECKING:
    from latentrelay.client import Client


def settings_of(data: str | None, models: str | None = None) -> Settings:
    """The settings of the environment, with the data folder of `--data` and the models of `--models` where given.

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
    return settings if models is None else settings.model_copy(update=models_in(Path(models)))


def models_in(folder: Path) -> dict[str, str]:
    """The settings that take every model from its place in `folder`."""
    return {f"{place}_model": str(folder.expanduser().absolute() / place) for place in _PLACES.values()}


def check_models(folder: Path, stages: Iterable[StageName]) -> None:
    """Refuse a folder of models that lacks one that `stages` need.

    Raises:
        Ended: it names the folder that is not there.
    """
    for place in (folder.expanduser(), *(folder.expanduser() / _PLACES[stage] for stage in stages)):
        if not place.is_dir():
            raise Ended(f"--models: there is no folder {place}", USAGE)


_PLACES = {
    StageName.SDXL_BASE: "sdxl_base",
    StageName.SDXL_REFINER: "sdxl_refiner",
    StageName.UNCLIP_VARIATION: "unclip",
}


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
