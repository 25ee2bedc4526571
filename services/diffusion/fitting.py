"""What fits on the device: images are drawn with less and less at once until they fit, or are refused. No torch."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TypeVar

from latentrelay.errors import DoesNotFit, OutOfMemory

log = logging.getLogger(__name__)

Made = TypeVar("Made")
Chunk = Sequence[int]
"""The images of a job, by index, that are denoised together."""


class Size(NamedTuple):
    """Of an image, in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """All of them."""
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


@dataclass(frozen=True)
class Fit:
    """How much is put on the device at once."""

    batch: int
    """Images denoised together."""
    tiles: bool = False
    """Whether the VAE takes an image in small tiles."""


class Thrifty(Protocol):
    """A pipeline that can do with less memory."""

    def empty_caches(self) -> None:
        """Give back the memory that nothing uses."""

    def tiled(self) -> AbstractContextManager[None]:
        """Have the VAE take images in small tiles inside, and as before afterwards."""


def less(fit: Fit, images: int) -> Fit | None:
    """What to try after `images` at once did not fit: half as many, then one with the VAE in tiles, then nothing."""
    if images > 1:
        return replace(fit, batch=images // 2)
    return None if fit.tiles else replace(fit, tiles=True)


def refusal(asked: Size, largest: Size | None) -> OutOfMemory | DoesNotFit:
    """What is told of an image that did not fit, whatever was tried.

    Args:
        asked: its size.
        largest: what this process has drawn so far; as large a one may fit again, here or elsewhere.
    """
    tried = "tried with emptied caches, one image at a time, the VAE in tiles"
    if largest is not None and largest.pixels >= asked.pixels:
        return OutOfMemory(f"{asked} did not fit into the memory of this device, though {largest} once did; {tried}.")
    known = f" Up to {largest} was drawn here so far." if largest else ""
    half = Size(*(int(side / 2**0.5) // 8 * 8 for side in asked))
    guess = "" if largest and largest.pixels >= half.pixels else f" Half the pixels, like {half}, may fit."
    return DoesNotFit(f"{asked} does not fit into the memory of this device; {tried}.{known}{guess}")


class Fitting:
    """Draws the images of one job, all of one size; what was found to fit holds until its end.

    Args:
        pipeline: draws them.
        size: of each.
        batch: as many at once at first.
        largest: the size that this process has drawn so far.
        told: called each time that something did not fit.
    """

    def __init__(
        self, pipeline: Thrifty, size: Size, *, batch: int, largest: Size | None, told: Callable[[], None]
    ) -> None:
        self._pipeline = pipeline
        self._size = size
        self._largest = largest
        self._told = told
        self._fit = Fit(batch)
        self._tiles = ExitStack()

    def __enter__(self) -> Self:
        """Begin with as many images at once as the settings allow, and no tiles but theirs."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the VAE as it was."""
        self._tiles.close()

    def chunks(self, images: Sequence[int], denoise: Callable[[Chunk], Made]) -> Iterator[tuple[Chunk, Made]]:
        """Have `images` denoised, as many at once as fit: each chunk with what came of it.

        Raises:
            DoesNotFit: a single one is too large; the sentence says what may fit.
            OutOfMemory: a single one did not fit, though as large a one has been drawn here.
        """
        while images:
            chunk = images[: self._fit.batch]
            made = self._tried(partial(denoise, chunk), len(chunk))
            if made is not None:
                yield chunk, made
                images = images[len(chunk) :]

    def one(self, draw: Callable[[], Made]) -> Made:
        """What `draw` makes of one image, once that fits.

        Raises:
            DoesNotFit: it is too large; the sentence says what may fit.
            OutOfMemory: it did not fit, though as large a one has been drawn here.
        """
        while (made := self._tried(draw, 1)) is None:
            pass
        return made

    def _tried(self, draw: Callable[[], Made], images: int) -> Made | None:
        """What `draw` made; None where it did not fit, and the next try puts less on the device."""
        try:
            return draw()
        except OutOfMemory:
            pass  # what is next waits until the error is gone: the frames of its traceback hold tensors
        self._step_down(images)
        return None

    def _step_down(self, images: int) -> None:
        log.warning("out of memory", extra={"size": str(self._size), "images": images, "tiles": self._fit.tiles})
        self._told()
        self._pipeline.empty_caches()
        fit = less(self._fit, images)
        if fit is None:
            raise refusal(self._size, self._largest)
        if fit.tiles and not self._fit.tiles:
            self._tiles.enter_context(self._pipeline.tiled())
        self._fit = fit
