"""One seed per component, so that every run of the recipe writes the same weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import torch


@contextmanager
def seeded(component: str) -> Iterator[None]:
    """Draw what is drawn inside from the seed of `component`, and leave the caller's generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(crc32(component.encode()))
        yield
