"""The parts that a model_index.json names, and whether each is whole: folder, configuration, safetensors weights.

Layout: https://huggingface.co/docs/diffusers/using-diffusers/other-formats (the multi-folder layout).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentrelay.errors import ModelUnavailable

LIBRARIES = ("diffusers", "transformers", "stable_diffusion")  # others would be code that came with the model
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_WEIGHTLESS = {
    "Scheduler": "scheduler_config.json",
    "Tokenizer": "tokenizer_config.json",
    "TokenizerFast": "tokenizer_config.json",
    "ImageProcessor": "preprocessor_config.json",
    "ImageProcessorPil": "preprocessor_config.json",
    "ImageProcessorFast": "preprocessor_config.json",
    "FeatureExtractor": "preprocessor_config.json",
}


@dataclass(frozen=True)
class Component:
    """One part of a pipeline."""

    name: str
    """Of the part and of its folder, e.g. unet."""
    library: str
    class_name: str

    @property
    def config_name(self) -> str:
        """The file that configures it."""
        return next((name for end, name in _WEIGHTLESS.items() if self.class_name.endswith(end)), "config.json")

    @property
    def has_weights(self) -> bool:
        """Schedulers, tokenizers and image processors have none."""
        return self.config_name == "config.json"

    def weights_name(self, variant: str | None) -> str:
        """The weights file without its ending, e.g. `model.fp16`."""
        stem = "model" if self.library == "transformers" else "diffusion_pytorch_model"
        return f"{stem}.{variant}" if variant else stem

    def index_name(self, variant: str | None) -> str:
        """The file that lists the shards of weights in several files."""
        return f"{self.weights_name(None)}.safetensors.index{'.' + variant if variant else ''}.json"

    def weights_patterns(self, variant: str | None) -> list[str]:
        """What to fetch of its weights, relative to the model folder."""
        path = f"{self.name}/{self.weights_name(variant)}"
        return [f"{path}.safetensors", f"{path}-*-of-*.safetensors"] if self.has_weights else []

    def has(self, folder: Path, variant: str | None) -> bool:
        """Whether the model in `folder` has weights of that variant for this part."""
        names = (f"{self.weights_name(variant)}.safetensors", self.index_name(variant))
        return any((folder / self.name / name).is_file() for name in names)


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file of a model.

    Raises:
        ModelUnavailable: it is missing or none.
    """
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise ModelUnavailable(f"{_place(file)} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{_place(file)} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ModelUnavailable(f"{_place(file)} holds no JSON object")
    return found


def components(index: dict[str, Any]) -> tuple[Component, ...]:
    """The parts that the model index names and that are not null.

    Raises:
        ModelUnavailable: one is of a library that is not known.
    """
    pairs = {name: value for name, value in index.items() if isinstance(value, list) and not name.startswith("_")}
    present = [(name, pair) for name, pair in pairs.items() if pair != [None, None]]
    for name, pair in present:
        if len(pair) != len(("library", "class")) or pair[0] not in LIBRARIES or not isinstance(pair[1], str):
            raise ModelUnavailable(f"{name} is of {pair}, and only {', '.join(LIBRARIES)} are trusted")
    return tuple(Component(name, *pair) for name, pair in present)


def check_component(component: Component, folder: Path, variant: str | None) -> None:
    """Make sure that one part of the model in `folder` is whole; parts without the variant have the plain weights.

    Raises:
        ModelUnavailable: a file is missing or cut short, or there are only pickles.
    """
    place = folder / component.name
    if not place.is_dir():
        raise ModelUnavailable(f"the folder {component.name} is missing")
    read_json(place / component.config_name)
    if component.config_name == "tokenizer_config.json":
        _check_vocabulary(place)
    if component.has_weights:
        _check_weights(component, folder, variant if component.has(folder, variant) else None)


def _check_vocabulary(place: Path) -> None:
    if (place / "tokenizer.json").is_file():
        read_json(place / "tokenizer.json")
    elif not ((place / "vocab.json").is_file() and (place / "merges.txt").is_file()):
        raise ModelUnavailable(f"{place.name} has neither tokenizer.json nor vocab.json and merges.txt")


def _check_weights(component: Component, folder: Path, variant: str | None) -> None:
    place = folder / component.name
    whole = place / f"{component.weights_name(variant)}.safetensors"
    if not component.has(folder, variant):
        raise ModelUnavailable(_without_weights(place, whole.name))
    for file in [whole] if whole.is_file() else _shards(place / component.index_name(variant)):
        check_safetensors(file)


def _without_weights(place: Path, wanted: str) -> str:
    pickles = sorted(file.name for file in place.iterdir() if file.suffix in _PICKLES)
    if pickles:
        return f"{place.name} has only pickled weights ({', '.join(pickles)}), which are never loaded; convert them"
    return f"{place.name}/{wanted} is missing"


def _shards(index: Path) -> list[Path]:
    """The files that the index of sharded weights names; in the index's own folder, whatever it says."""
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelUnavailable(f"{_place(index)} lists no weights")
    return [index.parent / Path(str(name)).name for name in sorted(set(map(str, weight_map.values())))]


def check_safetensors(file: Path) -> None:
    """Make sure from its header that a safetensors file is as long as it should be. Reads no tensor.

    Raises:
        ModelUnavailable: it is missing, not to be read, cut short, or something else.
    """
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            size = file.stat().st_size
            header = json.loads(opened.read(length)) if length < size else None
            tensors = [value for name, value in header.items() if name != "__metadata__"] if header else []
            ends = [tensor["data_offsets"][1] for tensor in tensors]
    except FileNotFoundError:
        raise ModelUnavailable(f"{_place(file)} is missing") from None
    except OSError as error:
        raise ModelUnavailable(f"{_place(file)} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise ModelUnavailable(f"{_place(file)} is no safetensors file") from error
    if not ends or 8 + length + max(ends) != size:
        raise ModelUnavailable(f"{_place(file)} is cut short or damaged ({size} bytes)")


def _place(file: Path) -> str:
    return file.name if file.name == "model_index.json" else f"{file.parent.name}/{file.name}"
