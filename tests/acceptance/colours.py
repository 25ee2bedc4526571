"""What pixels say of a picture: which colour its thing and its ground have."""

import numpy as np
import numpy.typing as npt

from infra.models.miniature.scene import COLOURS

Picture = npt.NDArray[np.uint8]

HALF = 3  # pixels from the middle that a thing in the centre surely fills
BORDER = 4  # pixels at the edge that no thing in the centre reaches


def thing_of(picture: Picture) -> str:
    """The colour in the middle."""
    y, x = picture.shape[0] // 2, picture.shape[1] // 2
    return _nearest(picture[y - HALF : y + HALF, x - HALF : x + HALF].reshape(-1, 3))


def ground_of(picture: Picture) -> str:
    """The colour along the border."""
    inside = np.zeros(picture.shape[:2], bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return _nearest(picture[~inside])


def share_of(picture: Picture, colour: str, other: str) -> float:
    """How much of the picture is nearer to one colour than to the other."""
    away = [np.linalg.norm(picture.astype(float) - COLOURS[word], axis=2) for word in (colour, other)]
    return float((away[0] < away[1]).mean())


def distance(picture: Picture, *colours: str) -> float:
    """How far the pixels are from the nearest of some colours, on average."""
    wanted = np.array([COLOURS[colour] for colour in colours], float)
    away = np.linalg.norm(picture.reshape(-1, 1, 3) - wanted, axis=2)
    return float(away.min(axis=1).mean())


def _nearest(pixels: npt.NDArray[np.uint8]) -> str:
    middle = np.median(pixels, axis=0)
    return min(COLOURS, key=lambda colour: float(np.linalg.norm(middle - COLOURS[colour])))
