"""Which models a stack of this machine runs: those that somebody named, else the miniatures of this clone."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from latentrelay.cli.problems import USAGE, Ended
from latentrelay.contracts import StageName
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings

MINIATURES = Path("infra", "models", "miniature", "trained")
"""Where a clone has models that were trained in small, on drawings of coloured shapes."""

NAMED_BY: Mapping[StageName, str] = {
    StageName.SDXL_BASE: "sdxl_base_model",
    StageName.SDXL_REFINER: "sdxl_refiner_model",
    StageName.UNCLIP_VARIATION: "unclip_model",
}
"""The setting that names the model of each stage."""

_PLACES = {stage: setting.removesuffix("_model") for stage, setting in NAMED_BY.items()}
_TELL_OF_MODELS = {*NAMED_BY.values(), *(f"{place}_revision" for place in _PLACES.values()), "model_variant"}
_VARIABLES = ", ".join(f"LATENTRELAY_{setting.upper()}" for setting in NAMED_BY.values())


def are_named(settings: Settings) -> bool:
    """Whether anybody named a model, or a revision or variant of one; defaults and empty values name none."""
    return any(getattr(settings, name) for name in settings.model_fields_set & _TELL_OF_MODELS)


def folder_of_models(settings: Settings, given: Path | None, miniatures: Path | None) -> Path | None:
    """The folder that all models come from; None where the settings name each.

    Args:
        settings: as they were read.
        given: the folder that an option names: it goes before everything.
        miniatures: taken where nobody named a model; never for servers that others share, who expect real ones.
    """
    if given is not None:
        return given
    return None if settings.connected or are_named(settings) else miniatures


def with_models_of(settings: Settings, folder: Path | None) -> Settings:
    """The settings that take every model from its place in `folder`; as they are where there is none."""
    if folder is None:
        return settings
    places = {NAMED_BY[stage]: str(folder.expanduser().absolute() / place) for stage, place in _PLACES.items()}
    return settings.model_copy(update=places)


def told_of_models(settings: Settings, stages: Iterable[StageName], *, miniature: bool) -> str:
    """One line: what `stages` run, and for miniatures how to run others."""
    if miniature:
        return f"miniature models, which know coloured shapes; name real ones with {_VARIABLES}, or --models"
    models = (f"{stage} {getattr(settings, NAMED_BY[stage])}" for stage in stages)
    return f"models: {', '.join(models)}"


def check_models(folder: Path, stages: Iterable[StageName]) -> None:
    """Refuse a folder of models that lacks one that `stages` need.

    Raises:
        Ended: it names the folder that is not there.
    """
    for place in (folder.expanduser(), *(folder.expanduser() / _PLACES[stage] for stage in stages)):
        if not place.is_dir():
            raise Ended(f"--models: there is no folder {place}", USAGE)


def miniatures_here() -> Path | None:
    """The miniatures of the clone that the stage services come from; None where they are not there, or not all."""
    from latentrelay.embedded.stage_worker import services_folder  # noqa: PLC0415 -- for Unix; `--help` needs it not

    try:
        folder = services_folder() / MINIATURES
    except StackUnavailable:
        return None
    return folder if all((folder / place).is_dir() for place in _PLACES.values()) else None
