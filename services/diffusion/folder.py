"""From a folder or a hub id to a model folder that is known to be whole and of the right kind.

No torch in here: a worker refuses a wrong model in a second.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # its HTTP client's, which changes

from latentrelay.errors import ModelUnavailable
from services.diffusion.components import Component, check_component, components, read_json

INDEX = "model_index.json"
BASE, REFINER = "StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline"
UNCLIP = "StableUnCLIPImg2ImgPipeline"
KINDS = {BASE: "an SDXL base", REFINER: "an SDXL refiner", UNCLIP: "a Stable unCLIP"}

_SDXL = {"vae", "unet", "scheduler", "text_encoder_2", "tokenizer_2"}
_UNCLIP = {"feature_extractor", "image_encoder", "image_normalizer", "image_noising_scheduler"}
_NEEDED = {
    BASE: _SDXL | {"text_encoder", "tokenizer"},
    REFINER: _SDXL,
    UNCLIP: _UNCLIP | {"vae", "unet", "scheduler", "text_encoder", "tokenizer"},
}
_NUMBERS = {BASE: 6, REFINER: 5}  # sizes and crops: with the target size, or with the aesthetic score
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_SMALL_FILES = ["*.json", "*/merges.txt"]


@dataclass(frozen=True)
class ModelFolder:
    """A model on this machine, whole and of the right kind."""

    path: Path
    model: str
    """The hub id, or the name of the folder: it is written into images, where paths of this machine do not belong."""
    revision: str
    """The hub's commit, or a digest of the folder."""


def resolve_model(model: str, *, revision: str | None, variant: str | None, pipeline_class: str) -> ModelFolder:
    """Find `model`, fetch it where it is a hub id, and check it.

    Args:
        model: a folder, or a hub id as owner/name.
        revision: the hub's branch, tag or commit; of no effect on a folder.
        variant: of the weights, e.g. fp16; parts that lack it are taken plain, as diffusers does.
        pipeline_class: `BASE`, `REFINER` or `UNCLIP`.

    Raises:
        ModelUnavailable: in one sentence, what is wrong and how to mend it.
    """
    try:
        path = Path(model).expanduser()
        if path.is_dir():
            check(path, variant=variant, pipeline_class=pipeline_class)
            return ModelFolder(path, path.resolve().name, digest(path))
        path = _download(model, revision, variant)
        check(path, variant=variant, pipeline_class=pipeline_class)
    except ModelUnavailable as error:
        raise ModelUnavailable(f"{model} cannot be served as {KINDS[pipeline_class]}: {error.detail}.") from error
    return ModelFolder(path, model, path.name)


def check(folder: Path, *, variant: str | None, pipeline_class: str) -> None:
    """Make sure that `folder` holds a whole model of that class.

    Raises:
        ModelUnavailable: in a few words, what is wrong.
    """
    index = read_json(folder / INDEX)
    _check_kind(index, pipeline_class)
    parts = components(index)
    missing = _NEEDED[pipeline_class] - {part.name for part in parts}
    if missing:
        raise ModelUnavailable(f"{INDEX} names no {', '.join(sorted(missing))}")
    _check_variant(parts, folder, variant)
    for part in parts:
        check_component(part, folder, variant)
    if pipeline_class in _NUMBERS:
        _check_conditioning(folder, pipeline_class)


def digest(folder: Path) -> str:
    """A short SHA-256 that tells one folder from another: every path and size, and what the JSON files say."""
    sha = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if file.is_file() and not any(part.startswith(".") for part in path.parts):
            sha.update(f"{path.as_posix()}\0{file.stat().st_size}\0".encode())
            sha.update(file.read_bytes() if file.suffix == ".json" else b"")
    return sha.hexdigest()[:12]


def _check_kind(index: dict[str, Any], pipeline_class: str) -> None:
    found = index.get("_class_name")
    if found != pipeline_class:
        kind = f"{KINDS[found]} model" if found in KINDS else f"a {found}"
        raise ModelUnavailable(f"it is {kind}; give a folder whose {INDEX} says {pipeline_class}")
    if bool(index.get("requires_aesthetics_score")) != (pipeline_class == REFINER):
        wrong = "it asks for an aesthetic score" if pipeline_class != REFINER else "it takes no aesthetic score"
        raise ModelUnavailable(f"{wrong} ({INDEX}, requires_aesthetics_score), so it is another kind of model")


def _check_variant(parts: tuple[Component, ...], folder: Path, variant: str | None) -> None:
    if variant and not any(part.has_weights and part.has(folder, variant) for part in parts):
        raise ModelUnavailable(f"it has no weights of the variant {variant}; unset LATENTRELAY_MODEL_VARIANT")


def _check_conditioning(folder: Path, pipeline_class: str) -> None:
    """Count the numbers that the UNet is conditioned on: the size of its projection tells base and refiner apart."""
    unet = read_json(folder / "unet" / "config.json")
    pooled = read_json(folder / "text_encoder_2" / "config.json").get("projection_dim")
    width, each = unet.get("projection_class_embeddings_input_dim"), unet.get("addition_time_embed_dim")
    if not (isinstance(pooled, int) and isinstance(width, int) and isinstance(each, int)):
        raise ModelUnavailable("unet/config.json is not conditioned on text and sizes, as SDXL is")
    if width != pooled + each * _NUMBERS[pipeline_class]:
        other = next((KINDS[kind] for kind, count in _NUMBERS.items() if width == pooled + each * count), "no SDXL")
        raise ModelUnavailable(f"its unet is that of {other} model (unet/config.json projects {width} channels)")


def _download(model: str, revision: str | None, variant: str | None) -> Path:
    """The configurations first, which tell what weights to fetch: never a pickle, never a single-file checkpoint."""
    if not _HUB_ID.fullmatch(model):
        raise ModelUnavailable("there is no such folder; make it, or give a hub id as owner/name")
    folder = _fetch(model, revision, _SMALL_FILES)
    parts = components(read_json(folder / INDEX))
    wanted = {part: part.weights_patterns(variant) for part in parts if part.has_weights}
    _fetch(model, folder.name, [pattern for patterns in wanted.values() for pattern in patterns])
    plain = [pattern for part in wanted if not part.has(folder, variant) for pattern in part.weights_patterns(None)]
    return _fetch(model, folder.name, plain) if variant and plain else folder


def _fetch(model: str, revision: str | None, patterns: list[str]) -> Path:
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=patterns))
    except (OSError, ValueError, HTTPError) as error:
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelUnavailable(
            f"there is no such folder, and the hub gives no {model} at revision {revision or 'main'} ({told[0]}); "
            "fetch it where there is a network, or give a folder"
        ) from error
