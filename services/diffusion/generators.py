"""Random generators: one for each image and on the CPU, so that a seed draws alike on every device, in every batch.

torch's CPU generator reads the lower 32 bits of a seed: seeds that are equal modulo 2^32 draw the same picture.
"""

from collections.abc import Sequence

import torch

from services.diffusion.arrays import GeneratorState


def seeded(seeds: Sequence[int]) -> list[torch.Generator]:
    """A fresh generator for each seed."""
    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


def restored(states: Sequence[GeneratorState]) -> list[torch.Generator]:
    """Generators that go on where those of `states` stopped."""
    return [torch.Generator("cpu").set_state(torch.from_numpy(state.copy())) for state in states]


def states_of(generators: Sequence[torch.Generator]) -> tuple[GeneratorState, ...]:
    """Where each generator stands."""
    return tuple(generator.get_state().numpy().copy() for generator in generators)
