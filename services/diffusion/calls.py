"""One call of a pipeline: steps are told, and whatever happens the pipeline is left as it was found."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from latentrelay.errors import OutOfMemory

OnStep = Callable[[int, int], None]
"""Told `step` of `steps`, once for every timestep (a PNDM or Heun schedule has more of them than steps were asked).
What it raises ends the call."""


def on_step_end(on_step: OnStep) -> Callable[[Any, int, Any, Mapping[str, Any]], dict[str, Any]]:
    """`on_step` as diffusers' `callback_on_step_end`."""

    def callback(pipe: Any, step: int, _timestep: Any, _tensors: Mapping[str, Any]) -> dict[str, Any]:
        on_step(step + 1, pipe.num_timesteps)
        return {}

    return callback


@contextmanager
def clean_call(pipe: Any) -> Iterator[None]:
    """Call `pipe` inside; also after an error it is ready for the next request, which it draws bit for bit alike.

    Raises:
        OutOfMemory: the device, or this machine, has too little memory.
    """
    vae_dtype = pipe.vae.dtype
    try:
        with out_of_memory_told():
            yield
    finally:
        pipe.maybe_free_model_hooks()
        if pipe.vae.dtype != vae_dtype:  # img2img turns it to float32 to encode, and then to the dtype of the UNet
            pipe.vae.to(vae_dtype)


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
        if "can't allocate memory" in str(error):  # how torch tells it on the CPU
            raise OutOfMemory from error
        raise
