import numpy as np
import pytest

from latentrelay.errors import InputTooLarge, InvalidRequest
from services.sdxl_refiner.source import fit


def picture(width: int, height: int) -> np.ndarray:
    return np.broadcast_to(np.arange(width, dtype=np.uint8)[None, :, None], (height, width, 3))


def test_a_picture_that_fits_is_kept_whole() -> None:
    assert np.array_equal(fit(picture(64, 72)), picture(64, 72))


@pytest.mark.parametrize(("width", "first", "last"), [(65, 0, 63), (67, 1, 64), (71, 3, 66)])
def test_the_middle_of_a_picture_is_kept(width: int, first: int, last: int) -> None:
    kept = fit(picture(width, 64))
    assert (kept[0, 0, 0], kept[0, -1, 0]) == (first, last)
    assert kept.shape == (64, 64, 3)


def test_size_limits_are_told_with_the_size_that_came() -> None:
    with pytest.raises(InputTooLarge, match="2048 x 2048"):
        fit(picture(2048, 2048))
    with pytest.raises(InvalidRequest, match="64 pixels on each side, got 640 x 63"):
        fit(picture(640, 63))
