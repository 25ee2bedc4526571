"""Pipelines from model folders: safetensors only, nothing fetched, placed as the settings say."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from transformers.utils import logging as transformers_logging

from latentrelay.contracts import Scheduler
from latentrelay.errors import ModelUnavailable
from latentrelay.settings import CpuOffload, Dtype, Settings
from services.diffusion.calls import clean_call, out_of_memory_told
from services.diffusion.folder import ModelFolder
from services.diffusion.schedulers import build_scheduler


@dataclass(frozen=True)
class Loaded:
    """A pipeline ready to be called, and what it is."""

    pipe: Any
    """The diffusers pipeline."""
    own_scheduler: Any
    """The scheduler that the model came with."""
    folder: ModelFolder
    device: torch.device
    dtype: torch.dtype
    vae_dtype: torch.dtype
    """Of the VAE alone: one that overflows in float16 stays in float32."""
    preview_steps: int = 0
    """A preview of every so many steps is told; 0: none is."""

    def scheduler(self, name: Scheduler | None) -> Any:
        """A fresh scheduler of that name, with the options of this model."""
        return build_scheduler(name, self.own_scheduler)

    def call(self) -> AbstractContextManager[None]:
        """Call the pipeline, or a part of it, inside; see `clean_call`."""
        return clean_call(self.pipe, self.vae_dtype)

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device."""
        dtype = str(self.dtype).removeprefix("torch.")
        return {
            "model": self.folder.model,
            "revision": self.folder.revision,
            "dtype": dtype,
            "device": str(self.device),
        }


def load(pipeline_class: Any, folder: ModelFolder, settings: Settings, **components: Any) -> Loaded:
    """Load `folder` with `pipeline_class`; `components` go to its `from_pretrained`.

    Raises:
        ModelUnavailable: the folder or the device cannot serve it.
        OutOfMemory: the device has too little memory for it.
    """
    device = choose_device(settings.device)
    dtype = choose_dtype(settings.dtype, device)
    if settings.torch_threads:
        torch.set_num_threads(settings.torch_threads)
    with out_of_memory_told():
        pipe = _read(pipeline_class, folder, settings, dtype, components)
        _place(pipe, device, settings)
    return Loaded(
        pipe, pipe.scheduler, folder, device, dtype, vae_dtype=pipe.vae.dtype, preview_steps=settings.preview_steps
    )


@contextmanager
def unavailable_told(folder: ModelFolder) -> Iterator[None]:
    """Turn what the libraries raise when they read a model into our error.

    Raises:
        ModelUnavailable: the folder cannot be loaded.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(f"{folder.path} cannot be loaded: {error}") from error


def choose_device(wanted: str) -> torch.device:
    """The device of that name; `auto` takes CUDA, then MPS, then the CPU.

    Raises:
        ModelUnavailable: there is no such device here.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, here in present.items() if here))
    kind, _, index = wanted.partition(":")
    if not present.get(kind) or (index and int(index) >= torch.cuda.device_count()):
        raise ModelUnavailable(f"There is no device {wanted} here; set LATENTRELAY_DEVICE to auto, cpu, cuda or mps.")
    return torch.device(wanted)


def choose_dtype(wanted: Dtype, device: torch.device) -> torch.dtype:
    """The precision of that name; `auto` is float16 on CUDA and float32 elsewhere."""
    if wanted is Dtype.AUTO:
        return torch.float16 if device.type == "cuda" else torch.float32
    dtype: torch.dtype = getattr(torch, wanted)
    return dtype


def _read(
    pipeline_class: Any, folder: ModelFolder, settings: Settings, dtype: torch.dtype, components: Mapping[str, Any]
) -> Any:
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()  # their warnings quote the part of a prompt that is too long
    with unavailable_told(folder):
        return pipeline_class.from_pretrained(
            folder.path,
            dtype=dtype,
            variant=settings.model_variant,
            local_files_only=True,
            use_safetensors=True,
            **components,
        )


def _place(pipe: Any, device: torch.device, settings: Settings) -> None:
    pipe.set_progress_bar_config(disable=True)
    # The SDXL pipelines turn such a VAE to float32 for every picture, and a failure leaves it half-turned: it stays.
    if hasattr(pipe, "upcast_vae") and pipe.vae.dtype is torch.float16 and pipe.vae.config.force_upcast:
        pipe.vae.to(torch.float32)
    if settings.vae_tiling:
        pipe.vae.enable_tiling()
    if settings.vae_slicing:
        pipe.vae.enable_slicing()
    match settings.cpu_offload if device.type != "cpu" else CpuOffload.NONE:
        case CpuOffload.NONE:
            pipe.to(device)
        case CpuOffload.MODEL:
            pipe.enable_model_cpu_offload(device=device)
        case CpuOffload.SEQUENTIAL:
            pipe.enable_sequential_cpu_offload(device=device)
