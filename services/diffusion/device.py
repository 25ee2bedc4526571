"""The device under a pipeline: its memory given back, its arithmetic proven."""

import gc
import resource
import sys

import torch

from latentrelay.errors import DeviceBroken
from latentrelay.memory import resident_bytes

_SIDE = 64  # the products below are whole numbers that even bfloat16 holds exactly


def empty_caches(device: torch.device) -> None:
    """Give back the memory that nothing uses, on this machine and on `device`."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def peak_bytes(device: torch.device) -> int:
    """The most memory that this process has needed so far: of `device` where it has its own, else of this machine."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def memory_bytes(device: torch.device) -> int:
    """The memory that this process holds now: of `device` where it has its own, else of this machine."""
    return torch.cuda.memory_reserved(device) if device.type == "cuda" else resident_bytes()


def probe(device: torch.device, dtype: torch.dtype) -> None:
    """Multiply two small matrices on `device` and compare the product; a few milliseconds.

    Raises:
        DeviceBroken: it raises an error, or does not count right.
    """
    try:
        product = _multiplied(device, dtype)
    except Exception as error:  # whatever a broken device raises, it is broken
        raise DeviceBroken(f"The device {device} no longer computes: {type(error).__name__}.") from error
    if not torch.equal(product, _numbers().expand(_SIDE, _SIDE) * _SIDE):
        raise DeviceBroken(f"The device {device} no longer computes right.")


def _multiplied(device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    numbers = _numbers().expand(_SIDE, _SIDE).to(device, dtype)
    return (numbers @ torch.ones(_SIDE, _SIDE, device=device, dtype=dtype)).float().cpu()


def _numbers() -> torch.Tensor:
    """0 to 7, over and over, as a column."""
    return (torch.arange(_SIDE, dtype=torch.float32) % 8)[:, None]
