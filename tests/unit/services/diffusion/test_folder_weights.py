"""Weights are whole safetensors files, in one piece or in shards, plain or of a variant; pickles never stand in."""

import json
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from latentrelay.errors import ModelUnavailable
from services.diffusion.folder import BASE, ModelFolder, resolve_model


@pytest.fixture
def base(small_models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_models / "sdxl_base", tmp_path / "base"))


def resolved(folder: Path, variant: str | None = None) -> ModelFolder:
    return resolve_model(str(folder), revision=None, variant=variant, pipeline_class=BASE)


def refused(folder: Path, variant: str | None = None) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        resolved(folder, variant)
    return caught.value.detail


def weights(file: Path) -> None:
    save_file({"weight": np.zeros(4, np.float32)}, file)


def damaged(change_it: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        file.write_bytes(change_it(file.read_bytes()))

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        damaged(lambda data: data[:-1]),
        damaged(lambda data: data[:20]),
        damaged(lambda data: data + b"x"),
        damaged(lambda _: b""),
        damaged(lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5135149760\n"),
        damaged(lambda _: struct.pack("<Q", 2) + b"[]" + b"x" * 9),
        damaged(lambda _: struct.pack("<Q", 7) + b'{"a":1}' + b"x" * 9),
        damaged(lambda _: struct.pack("<Q", 2**63) + b"{}"),
    ],
)
def test_weights_that_are_cut_short_or_something_else_are_named(damage: Callable[[Path], None], base: Path) -> None:
    damage(base / "unet" / "diffusion_pytorch_model.safetensors")
    assert "unet/diffusion_pytorch_model.safetensors is" in refused(base)


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "model.ckpt", "x.pt", "x.pkl"])
def test_pickles_never_stand_in_for_weights(name: str, base: Path) -> None:
    (base / "unet" / "diffusion_pytorch_model.safetensors").rename(base / "unet" / name)
    sentence = refused(base)
    assert "only pickled weights" in sentence
    assert name in sentence


def test_pickles_beside_the_weights_do_not_matter(base: Path) -> None:
    (base / "unet" / "diffusion_pytorch_model.bin").touch()
    assert resolved(base)


def sharded(place: Path, variant: str = "") -> None:
    names = [f"diffusion_pytorch_model{variant}-0000{n}-of-00002.safetensors" for n in (1, 2)]
    for name in names:
        weights(place / name)
    index = place / f"diffusion_pytorch_model.safetensors.index{variant}.json"
    index.write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1], "c": names[0]}}))


def test_sharded_weights_are_taken_and_a_missing_shard_is_named(base: Path) -> None:
    (base / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    sharded(base / "unet")
    assert resolved(base)
    (base / "unet" / "diffusion_pytorch_model-00002-of-00002.safetensors").unlink()
    assert "00002-of-00002.safetensors is missing" in refused(base)
    (base / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text('{"weight_map": {}}')
    assert "lists no weights" in refused(base)


def test_a_variant_is_looked_for_and_parts_without_it_are_taken_plain(base: Path) -> None:
    assert "no weights of the variant fp16" in refused(base, variant="fp16")
    weights(base / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    assert resolved(base, variant="fp16")
    (base / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert resolved(base, variant="fp16")
    assert "diffusion_pytorch_model.safetensors is missing" in refused(base)
    (base / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert "vae/diffusion_pytorch_model.safetensors is missing" in refused(base, variant="fp16")


def test_a_variant_may_be_sharded(base: Path) -> None:
    (base / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    sharded(base / "unet", ".fp16")
    assert resolved(base, variant="fp16")


@pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that has such a file")
def test_weights_that_this_user_cannot_read_are_not_said_to_be_something_else(base: Path) -> None:
    file = base / "unet" / "diffusion_pytorch_model.safetensors"
    file.unlink()
    file.symlink_to("/proc/self/mem")  # whose first bytes nobody can read, as another user's file; root neither
    assert "unet/diffusion_pytorch_model.safetensors cannot be read: Input/output error" in refused(base)
