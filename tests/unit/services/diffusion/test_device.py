import weakref

import pytest
import torch

from latentrelay.errors import DeviceBroken
from latentrelay.stage import Memory
from services.diffusion.device import empty_caches, memory, probe

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_device_that_computes_is_sound(dtype: torch.dtype) -> None:
    probe(CPU, dtype)


def test_a_device_that_raises_is_broken_and_the_kind_of_error_is_told() -> None:
    with pytest.raises(DeviceBroken, match=r"The device meta no longer computes: NotImplementedError\."):
        probe(torch.device("meta"), torch.float32)


def test_a_device_that_miscounts_is_broken() -> None:
    with pytest.raises(DeviceBroken, match="The device cpu no longer computes right"):
        probe(CPU, torch.uint8)  # its products are larger than 255


def test_emptying_the_caches_frees_what_only_a_cycle_holds() -> None:
    cycle: list[object] = [torch.zeros(1)]
    cycle.append(cycle)
    held = weakref.ref(cycle[0])
    del cycle
    empty_caches(CPU)
    assert held() is None


def test_a_device_without_memory_of_its_own_holds_none() -> None:
    assert memory(CPU) == Memory(allocated=0, reserved=0, peak=0)
