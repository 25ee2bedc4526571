"""Latents come back as they were packed, or not at all."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save

from latentrelay.contracts import Scheduler, StageName
from latentrelay.errors import LatentsMismatch
from latentrelay.latents import Latents, pack, unpack

FACTS: dict[str, Any] = {
    "job_id": "j1",
    "stage": StageName.SDXL_BASE,
    "attempt": 2,
    "index": 1,
    "model": "a/model",
    "revision": "abc",
    "scheduler": Scheduler.EULER,
    "scheduler_class": "EulerDiscreteScheduler",
    "scheduler_fingerprint": "f00d",
    "num_inference_steps": 40,
    "switch_at": 0.8,
    "seed": 2**53 - 1,
    "scaling_factor": 0.13025,
}
ARRAY = np.linspace(-3, 3, 1 * 4 * 8 * 16, dtype=np.float32).reshape(1, 4, 8, 16)
STATE = np.arange(256, dtype=np.uint8)


def packed(**other: Any) -> bytes:
    return pack(ARRAY, generator_state=STATE, **(FACTS | other))


def forged(tensors: dict[str, np.ndarray[Any, Any]], **other: Any) -> bytes:
    manifest = json.loads(unpack(packed()).manifest.model_dump_json()) | other
    return save(tensors, metadata={"manifest": json.dumps(manifest)})


@given(
    st.sampled_from([np.float32, np.float16]).flatmap(
        lambda dtype: st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
            lambda size: arrays(dtype, (1, 4, *size))  # with infinities and not-a-numbers
        )
    )
)
def test_every_float_comes_back_bit_for_bit(array: np.ndarray[Any, Any]) -> None:
    back = unpack(pack(array, **FACTS))
    assert back.array.dtype == array.dtype
    assert back.array.shape == array.shape
    assert back.array.tobytes() == array.tobytes()
    assert back.generator_state is None


def test_the_manifest_tells_how_the_latents_were_made() -> None:
    manifest = unpack(packed()).manifest
    assert {name: getattr(manifest, name) for name in FACTS} == FACTS
    assert (manifest.version, manifest.dtype, manifest.shape) == (1, "F32", (1, 4, 8, 16))
    assert (manifest.width, manifest.height) == (128, 64)


def test_finished_latents_have_no_switch_point() -> None:
    assert unpack(packed(switch_at=None)).manifest.switch_at is None


def test_the_state_of_the_generator_travels_along() -> None:
    back = unpack(packed())
    assert back.generator_state is not None
    assert back.generator_state.dtype == np.uint8
    assert back.generator_state.tolist() == STATE.tolist()


def test_what_comes_back_may_be_written_to() -> None:
    back = unpack(packed())
    back.array[:] = 0
    assert not back.array.any()


def test_an_array_in_another_memory_order_is_packed_by_its_values() -> None:
    turned = ARRAY.transpose(0, 1, 3, 2)
    assert unpack(pack(turned, **FACTS)).array.tolist() == turned.tolist()


@given(st.data())
def test_no_damage_to_the_tensors_goes_unseen(data: st.DataObject) -> None:
    whole = packed()
    start = 8 + int.from_bytes(whole[:8], "little")
    at = data.draw(st.integers(start, len(whole) - 1))
    damaged = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    with pytest.raises(LatentsMismatch, match="sha256"):
        unpack(damaged)


@given(st.data())
def test_any_damage_at_all_gives_the_same_latents_or_a_clear_refusal(data: st.DataObject) -> None:
    whole = packed()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    try:
        back: Latents | None = unpack(damaged)
    except LatentsMismatch:
        back = None
    assert back is None or back.array.tolist() == ARRAY.tolist()


@given(st.binary(max_size=200))
def test_what_is_no_safetensors_file_is_refused(data: bytes) -> None:
    with pytest.raises(LatentsMismatch):
        unpack(data)


def test_a_truncated_file_is_refused() -> None:
    with pytest.raises(LatentsMismatch, match="no safetensors"):
        unpack(packed()[:-1])


def test_a_missing_manifest_is_refused() -> None:
    with pytest.raises(LatentsMismatch, match="no manifest"):
        unpack(save({"latents": ARRAY}))


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "{}", "[" * 100_000])
def test_a_manifest_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LatentsMismatch, match="manifest"):
        unpack(save({"latents": ARRAY}, metadata={"manifest": text}))


def test_a_manifest_of_another_array_is_refused() -> None:
    with pytest.raises(LatentsMismatch, match="sha256"):
        unpack(forged({"latents": ARRAY + 1, "generator_state": STATE}))
    with pytest.raises(LatentsMismatch, match="sha256"):
        unpack(forged({"latents": ARRAY}))
    with pytest.raises(LatentsMismatch, match="dtype"):
        unpack(forged({"latents": ARRAY.astype(np.float16), "generator_state": STATE}))
    with pytest.raises(LatentsMismatch, match="shape"):
        unpack(forged({"latents": ARRAY[..., :8], "generator_state": STATE}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("scheduler", "magic"),
        ("switch_at", 1.0),
        ("num_inference_steps", 0),
        ("seed", -1),
        ("seed", 2**53),
        ("scaling_factor", 0),
        ("shape", [2, 4, 8, 16]),
        ("width", 64),
        ("dtype", "BF16"),
    ],
)
def test_a_fact_out_of_its_range_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(LatentsMismatch, match=field if field != "width" else "64 x 64"):
        unpack(forged({"latents": ARRAY, "generator_state": STATE}, **{field: value}))


def test_a_reader_accepts_the_facts_of_a_later_version() -> None:
    assert unpack(forged({"latents": ARRAY, "generator_state": STATE}, vae="another")).manifest.seed == FACTS["seed"]


def test_a_missing_fact_is_refused_when_packing() -> None:
    with pytest.raises(LatentsMismatch, match="seed"):
        pack(ARRAY, **{name: value for name, value in FACTS.items() if name != "seed"})


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8", ">f4"])
def test_a_foreign_dtype_is_neither_packed_nor_unpacked(dtype: str) -> None:
    foreign = ARRAY.astype(dtype)
    with pytest.raises(LatentsMismatch, match="F32 or F16"):
        pack(foreign, **FACTS)
    if dtype != ">f4":  # safetensors itself turns the bytes
        with pytest.raises(LatentsMismatch, match="F32 or F16"):
            unpack(forged({"latents": foreign}))


def test_bfloat16_is_refused() -> None:
    as_half = packed().replace(b'"dtype":"F32"', b'"dtype":"BF16"').replace(b"      ", b"     ", 1)
    header = as_half[8 : as_half.index(b"}}") + 2].replace(b"[1,4,8,16]", b"[1,4,8,32]")
    with pytest.raises(LatentsMismatch, match="BF16"):
        unpack(len(header).to_bytes(8, "little") + header + as_half[-(ARRAY.nbytes + STATE.nbytes) :])


@pytest.mark.parametrize("shape", [(4, 8, 8), (2, 4, 8, 8), (1, 3, 8, 8), (1, 4, 0, 8)])
def test_only_the_latents_of_one_image_are_packed(shape: tuple[int, ...]) -> None:
    with pytest.raises(LatentsMismatch):
        pack(np.zeros(shape, np.float32), **FACTS)


def test_foreign_tensors_are_refused() -> None:
    with pytest.raises(LatentsMismatch, match="other"):
        unpack(forged({"latents": ARRAY, "other": ARRAY}))
    with pytest.raises(LatentsMismatch, match="generator_state must be U8"):
        unpack(forged({"latents": ARRAY, "generator_state": STATE.astype(np.int64)}))
    with pytest.raises(LatentsMismatch, match="at most"):
        unpack(forged({"noise": ARRAY}))
