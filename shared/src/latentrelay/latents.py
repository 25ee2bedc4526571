"""Latents <-> safetensors bytes with a manifest: how they were made, so that nobody continues them wrongly.

Latents are as diffusers gives them with `output_type="latent"`: not divided by the VAE's scaling factor.
Layout: https://huggingface.co/docs/safetensors (8 bytes of header length, a JSON header, the tensors).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from latentrelay.contracts import SEEDS, Scheduler, StageName, Told
from latentrelay.errors import LatentsMismatch

PIXELS = 8  # of a side that one latent stands for
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}

_METADATA = "manifest"
_LATENTS = "latents"
_GENERATOR = "generator_state"


class Manifest(Told):
    """How the latents of one image were made."""

    version: Literal[1] = 1
    """Of this layout."""
    job_id: str
    stage: StageName
    attempt: int = Field(ge=0)
    index: int = Field(ge=0)
    """Which image of the job."""
    model: str
    """Hub id or folder of the model that made them."""
    revision: str
    scheduler: Scheduler
    scheduler_class: str
    """The diffusers class."""
    scheduler_fingerprint: str
    """Of the scheduler's whole configuration."""
    num_inference_steps: int = Field(ge=1)
    switch_at: float | None = Field(gt=0, lt=1)
    """Where the base stopped, as its `denoising_end`; null: the latents are finished."""
    seed: int = Field(ge=0, lt=SEEDS)
    """Of this image."""
    dtype: Literal["F32", "F16"]
    shape: tuple[Literal[1], Literal[4], int, int]
    width: int
    """Of the image, in pixels."""
    height: int
    """Of the image, in pixels."""
    scaling_factor: float = Field(gt=0)
    """Of the VAE that decodes them."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the bytes of the latents, then of the generator's state."""

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        drawn = (self.shape[2] * PIXELS, self.shape[3] * PIXELS)
        if drawn != (self.height, self.width) or 0 in drawn:
            raise ValueError(f"latents of shape {self.shape} are not a picture of {self.width} x {self.height} pixels")
        return self


@dataclass(frozen=True)
class Latents:
    """The latents of one image, (1, 4, height / 8, width / 8), float32 or float16."""

    array: NDArray[np.floating[Any]]
    manifest: Manifest
    generator_state: NDArray[np.uint8] | None = None
    """What `torch.Generator.get_state()` gave when the base stopped; only stochastic schedulers need it."""


def pack(
    latents: NDArray[np.floating[Any]], *, generator_state: NDArray[np.uint8] | None = None, **facts: Any
) -> bytes:
    """The latents of one image as safetensors bytes.

    Args:
        latents: (1, 4, height / 8, width / 8), float32 or float16; bfloat16 pipelines cast to float32 first.
        generator_state: the generator's state, uint8, where the next stage goes on drawing from it.
        facts: the fields of `Manifest` that the array itself does not tell: job_id, stage, attempt, ...

    Raises:
        LatentsMismatch: no other process could continue these.
    """
    tensors = {_LATENTS: np.ascontiguousarray(latents)}
    if generator_state is not None:
        tensors[_GENERATOR] = np.ascontiguousarray(generator_state, dtype=np.uint8)
    manifest = _manifest(_measured(tensors) | facts)
    return save(tensors, metadata={_METADATA: manifest.model_dump_json()})


def unpack(data: bytes) -> Latents:
    """What `pack` was given, checked.

    Raises:
        LatentsMismatch: the bytes are damaged, are no latents of ours, or their manifest does not fit them.
    """
    tensors = _tensors(data)
    manifest = _manifest(_metadata(data))
    for name, value in _measured(tensors).items():
        if getattr(manifest, name) != value:
            raise LatentsMismatch(f"the latents have {name} {value}, their manifest says {getattr(manifest, name)}")
    return Latents(tensors[_LATENTS], manifest, tensors.get(_GENERATOR))


def _measured(tensors: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """The facts that the arrays tell themselves."""
    latents = tensors[_LATENTS]
    dtype = next((name for name, known in DTYPES.items() if known == latents.dtype), None)
    if dtype is None or latents.ndim != 4:  # noqa: PLR2004  # batch, channels, height, width
        raise LatentsMismatch(f"latents must be F32 or F16 of shape (1, 4, h, w), got {latents.dtype} {latents.shape}")
    size = {"height": latents.shape[2] * PIXELS, "width": latents.shape[3] * PIXELS}
    return {"dtype": dtype, "shape": latents.shape, "sha256": _digest(tensors)} | size


def _digest(tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(tensors[_LATENTS].tobytes())
    if _GENERATOR in tensors:
        digest.update(tensors[_GENERATOR].tobytes())
    return digest.hexdigest()


def _manifest(facts: Mapping[str, Any]) -> Manifest:
    try:
        return Manifest.model_validate(facts)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
        raise LatentsMismatch(f"the manifest of the latents does not hold: {wrong}") from error


def _tensors(data: bytes) -> dict[str, NDArray[Any]]:
    try:
        stored = dict(deserialize(data))  # type: ignore[no-untyped-call]  # the package does not type it
    except SafetensorError as error:
        raise LatentsMismatch(f"these are no safetensors latents: {error}") from error
    if not {_LATENTS} <= stored.keys() <= {_LATENTS, _GENERATOR}:
        raise LatentsMismatch(f"latents hold {_LATENTS} and at most {_GENERATOR}, got {sorted(stored)}")
    known: dict[str, dict[str, np.dtype[Any]]] = {_LATENTS: DTYPES, _GENERATOR: {"U8": np.dtype("u1")}}
    return {name: _array(name, tensor, known[name]) for name, tensor in stored.items()}


def _array(name: str, tensor: Mapping[str, Any], known: Mapping[str, np.dtype[Any]]) -> NDArray[Any]:
    if tensor["dtype"] not in known:
        raise LatentsMismatch(f"{name} must be {' or '.join(known)}, got {tensor['dtype']}")
    return np.frombuffer(tensor["data"], dtype=known[tensor["dtype"]]).reshape(tensor["shape"])


def _metadata(data: bytes) -> dict[str, Any]:
    """The manifest's facts; the header around them is sound, for `deserialize` has read it."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = header.get("__metadata__", {}).get(_METADATA)
    if text is None:
        raise LatentsMismatch("the latents have no manifest")
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LatentsMismatch("the manifest of the latents is no JSON") from error
    if not isinstance(facts, dict):
        raise LatentsMismatch("the manifest of the latents is no JSON object")
    return facts
