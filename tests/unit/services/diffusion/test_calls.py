from dataclasses import dataclass

import pytest
import torch
from diffusers import AutoencoderKL

from latentrelay.errors import OutOfMemory
from services.diffusion.calls import clean_call, out_of_memory_told


@dataclass
class Pipe:
    """What a call cleans up of a pipeline."""

    vae: AutoencoderKL
    hooks: int = 0

    def maybe_free_model_hooks(self) -> None:
        self.hooks += 1

    def dtypes(self) -> set[torch.dtype]:
        return {weights.dtype for weights in self.vae.parameters()}


@pytest.fixture
def pipe() -> Pipe:
    return Pipe(AutoencoderKL(block_out_channels=(4,), norm_num_groups=2))


def test_a_vae_that_a_failed_call_turned_is_turned_back(pipe: Pipe) -> None:
    with pytest.raises(OutOfMemory), clean_call(pipe, torch.float32):
        pipe.vae.decoder.half()
        raise torch.OutOfMemoryError
    assert pipe.dtypes() == {torch.float32}
    assert pipe.hooks == 1


def test_a_vae_that_there_was_no_memory_to_turn_back_is_turned_by_the_next_call(pipe: Pipe) -> None:
    pipe.vae.decoder.half()
    with clean_call(pipe, torch.float32):
        assert pipe.dtypes() == {torch.float32}


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4294967296 bytes."),
        RuntimeError("could not create a primitive"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB, max allowed: 9.07 GB)."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=str,
)
def test_every_way_to_tell_that_memory_ran_out_is_one_error(error: Exception) -> None:
    with pytest.raises(OutOfMemory), out_of_memory_told():
        raise error


@pytest.mark.parametrize(
    "told",
    ["an illegal memory access", "could not create a primitive descriptor for the convolution forward propagation"],
)
def test_another_error_stays_what_it_is(told: str) -> None:
    with pytest.raises(RuntimeError, match=told), out_of_memory_told():
        raise RuntimeError(f"CUDA error: {told} was encountered")
