"""A model folder is taken when it is whole and of the right kind; else one sentence says what is wrong."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from latentrelay.errors import ModelUnavailable
from services.diffusion.folder import BASE, REFINER, UNCLIP, ModelFolder, resolve_model

TRANSFORMERS, DIFFUSERS = "transformers", "diffusers"
PARTS = {
    "vae": (DIFFUSERS, "AutoencoderKL"),
    "unet": (DIFFUSERS, "UNet2DConditionModel"),
    "scheduler": (DIFFUSERS, "EulerDiscreteScheduler"),
    "text_encoder": (TRANSFORMERS, "CLIPTextModel"),
    "tokenizer": (TRANSFORMERS, "CLIPTokenizer"),
    "text_encoder_2": (TRANSFORMERS, "CLIPTextModelWithProjection"),
    "tokenizer_2": (TRANSFORMERS, "CLIPTokenizer"),
    "feature_extractor": (TRANSFORMERS, "CLIPImageProcessor"),
    "image_encoder": (TRANSFORMERS, "CLIPVisionModelWithProjection"),
    "image_normalizer": ("stable_diffusion", "StableUnCLIPImageNormalizer"),
    "image_noising_scheduler": (DIFFUSERS, "DDPMScheduler"),
}
CONFIGS = {"scheduler": "scheduler_config", "tokenizer": "tokenizer_config", "extractor": "preprocessor_config"}
LACKS = {
    BASE: {"image_encoder", "image_normalizer", "image_noising_scheduler", "feature_extractor"},
    REFINER: {
        "image_encoder",
        "image_normalizer",
        "image_noising_scheduler",
        "feature_extractor",
        "text_encoder",
        "tokenizer",
    },
    UNCLIP: {"text_encoder_2", "tokenizer_2"},
}


def put(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def change(file: Path, **other: Any) -> None:
    put(file, json.loads(file.read_text()) | other)


def weights(file: Path) -> None:
    save_file({"weight": np.zeros(4, np.float32)}, file)


def made(folder: Path, kind: str) -> Path:
    """A folder laid out as the real model's, with the files' contents as small as can be."""
    index: dict[str, Any] = {"_class_name": kind, "_diffusers_version": "0.42.1", "safety_checker": [None, None]}
    index |= {"requires_aesthetics_score": True} if kind == REFINER else {}
    for name, pair in PARTS.items():
        index[name] = [None, None] if name in LACKS[kind] else pair
        if name not in LACKS[kind]:
            config = next((told for part, told in CONFIGS.items() if part in name), "config")
            put(folder / name / f"{config}.json", {})
            if config == "config":
                weights(
                    folder / name / f"{'model' if pair[0] == TRANSFORMERS else 'diffusion_pytorch_model'}.safetensors"
                )
            if "tokenizer" in name:
                put(folder / name / "tokenizer.json", {})
    put(folder / "model_index.json", index)
    if kind != UNCLIP:
        put(folder / "text_encoder_2" / "config.json", {"projection_dim": 1280})
        width = 2816 if kind == BASE else 2560
        conditioning = {"addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": width}
        put(folder / "unet" / "config.json", conditioning)
    return folder


def resolved(folder: Path | str, kind: str = BASE) -> ModelFolder:
    return resolve_model(str(folder), revision=None, variant=None, pipeline_class=kind)


def refused(folder: Path | str, kind: str = BASE) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        resolved(folder, kind)
    assert str(folder) in caught.value.detail
    assert "\n" not in caught.value.detail
    return caught.value.detail


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return made(tmp_path / "base", BASE)


@pytest.mark.parametrize("kind", [BASE, REFINER, UNCLIP])
def test_a_whole_folder_of_the_right_kind_is_taken_and_told_by_its_name_alone(kind: str, tmp_path: Path) -> None:
    folder = made(tmp_path / "model", kind)
    taken = resolved(folder, kind)
    assert (taken.path, taken.model) == (folder, folder.name)
    assert len(taken.revision) == 12


@pytest.mark.parametrize("kind", [BASE, REFINER, UNCLIP])
def test_a_folder_of_any_other_kind_is_refused_by_its_name(kind: str, tmp_path: Path) -> None:
    for other in {BASE, REFINER, UNCLIP} - {kind}:
        assert f"says {kind}" in refused(made(tmp_path / other, other), kind)


def test_a_refiner_that_calls_itself_a_base_is_found_out(tmp_path: Path) -> None:
    folder = made(tmp_path / "model", REFINER)
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(folder / f"{name}_2", folder / name)
    pairs = {name: list(PARTS[name]) for name in ("text_encoder", "tokenizer")}
    change(folder / "model_index.json", _class_name=BASE, **pairs)
    assert "aesthetic score" in refused(folder)
    change(folder / "model_index.json", requires_aesthetics_score=False)
    assert "unet is that of an SDXL refiner" in refused(folder)


def test_a_base_that_calls_itself_a_refiner_is_found_out(base: Path) -> None:
    change(base / "model_index.json", _class_name=REFINER)
    assert "takes no aesthetic score" in refused(base, REFINER)
    change(base / "model_index.json", requires_aesthetics_score=True)
    assert "unet is that of an SDXL base" in refused(base, REFINER)


@pytest.mark.parametrize("config", [{}, {"addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 7}])
def test_a_unet_that_is_none_of_sdxl_is_refused(config: dict[str, int], base: Path) -> None:
    put(base / "unet" / "config.json", config)
    assert "unet" in refused(base)


@pytest.mark.parametrize("model", ["/no/such/folder", "./nowhere", "nothing", "a b/c", "../x/y", ""])
def test_a_missing_folder_is_refused_without_asking_the_hub(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if model:
        assert "no such folder" in refused(model)
    else:
        assert "model_index.json is missing" in refused(model)


REMOVED = [
    "model_index.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
    "text_encoder_2/config.json",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer_config.json",
]


@pytest.mark.parametrize("name", REMOVED)
def test_a_missing_file_is_named(name: str, base: Path) -> None:
    (base / name).unlink()
    assert f"{name} is missing" in refused(base)


@pytest.mark.parametrize("name", ["unet", "scheduler", "tokenizer_2"])
def test_a_missing_part_is_named(name: str, base: Path) -> None:
    change(base / "model_index.json", **{name: [None, None]})
    assert f"names no {name}" in refused(base)
    change(base / "model_index.json", **{name: list(PARTS[name])})
    shutil.rmtree(base / name)
    assert f"folder {name} is missing" in refused(base)


def test_a_tokenizer_needs_a_vocabulary_of_one_kind_or_the_other(base: Path) -> None:
    (base / "tokenizer" / "tokenizer.json").unlink()
    assert "neither tokenizer.json" in refused(base)
    put(base / "tokenizer" / "vocab.json", {})
    (base / "tokenizer" / "merges.txt").touch()
    assert resolved(base)


@pytest.mark.parametrize("text", ["", "{", "[]", "\0", "[" * 100_000])
@pytest.mark.parametrize("name", ["model_index.json", "vae/config.json"])
def test_a_file_that_is_no_json_object_is_named(name: str, text: str, base: Path) -> None:
    (base / name).write_text(text)
    assert name in refused(base)


def test_code_that_comes_with_a_model_is_refused(base: Path) -> None:
    change(base / "model_index.json", unet=["my_unet", "Unet"])
    assert "trusted" in refused(base)


def test_the_revision_of_a_folder_is_its_content(base: Path, tmp_path: Path) -> None:
    first = resolved(base).revision
    assert resolved(Path(shutil.copytree(base, tmp_path / "copy"))).revision == first
    (base / ".cache").mkdir()
    (base / ".cache" / "x").touch()
    assert resolved(base).revision == first
    put(base / "scheduler" / "scheduler_config.json", {"a": 1})
    second = resolved(base).revision
    put(base / "scheduler" / "scheduler_config.json", {"a": 2})
    assert len({first, second, resolved(base).revision}) == 3
