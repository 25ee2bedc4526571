"""The settings and the client of a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_settings import SettingsError

from latentrelay.cli.problems import USAGE, Ended
from latentrelay.settings import Settings

if TYPE_CHECKING:
    from latentrelay.client import Client


def settings_of(data: str | None, models: str | None = None) -> Settings:
    """The settings of the environment, with the data folder of `--data` and the models of `--models` where given.

    Raises:
        Ended: a variable cannot be read; it names each one.
    """
    try:
        settings = Settings(data_dir=Path(data)) if data else Settings()
        return settings if models is None else settings.model_copy(update=models_in(Path(models)))
    except ValidationError as error:
        raise Ended("\n".join(_lines(error)), USAGE) from None
    except SettingsError as error:
        raise Ended(f"{error}: it must be JSON", USAGE) from None


def models_in(folder: Path) -> dict[str, str]:
    """The settings that take every model from its place in `folder`."""
    places = {"sdxl_base_model": "sdxl_base", "sdxl_refiner_model": "sdxl_refiner", "unclip_model": "unclip"}
    return {name: str(folder.expanduser().absolute() / place) for name, place in places.items()}


def _lines(error: ValidationError) -> Iterator[str]:
    for found in error.errors(include_url=False, include_input=False):
        name = "_".join(map(str, found["loc"])).upper()
        yield f"LATENTRELAY_{name}: {found['msg']}" if name else str(found["msg"])


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
