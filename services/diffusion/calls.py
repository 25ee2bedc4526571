"""One call of a pipeline: steps are told, and whatever happens the pipeline is left as it was found."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from latentrelay.errors import OutOfMemory
from services.diffusion.previews import OnLatents


def on_step_end(on_latents: OnLatents) -> Callable[[Any, int, Any, Mapping[str, Any]], dict[str, Any]]:
    """`on_latents` as diffusers' `callback_on_step_end`."""

    def callback(pipe: Any, step: int, _timestep: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
        on_latents(step + 1, pipe.num_timesteps, tensors["latents"])
        return {}

    return callback


@contextmanager
def clean_call(pipe: Any, vae_dtype: torch.dtype) -> Iterator[None]:
    """Call `pipe` inside; also after an error it is ready for the next request, which it draws bit for bit alike.

    Args:
        pipe: a diffusers pipeline.
        vae_dtype: what its VAE is in. img2img turns it to float32 to encode, and then to the dtype of the UNet.

    Raises:
        OutOfMemory: the device, or this machine, has too little memory.
    """
    with out_of_memory_told():
        _turn(pipe.vae, vae_dtype)  # the way back may have been what there was no memory for, the last time
        try:
            yield
        finally:
            pipe.maybe_free_model_hooks()
            _turn(pipe.vae, vae_dtype)


def _turn(vae: Any, dtype: torch.dtype) -> None:
    if any(weights.dtype != dtype for weights in vae.parameters()):
        vae.to(dtype)


_OUT_OF_MEMORY = (
    "can't allocate memory",  # the CPU
    "out of memory",  # CUDA's own calls, and MPS
    "ALLOC_FAILED",  # cuBLAS, cuDNN and others of their kind
    "could not (create|execute) a primitive$",  # oneDNN; what it cannot do at all is "a primitive descriptor"
)


@contextmanager
def out_of_memory_told() -> Iterator[None]:
    """Turn torch's and Python's own errors into ours.

    Raises:
        OutOfMemory: the device, or this machine, has too little memory.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory from error
    except RuntimeError as error:
        if re.search("|".join(_OUT_OF_MEMORY), str(error)):
            raise OutOfMemory from error
        raise
