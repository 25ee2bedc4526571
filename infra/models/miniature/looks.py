"""What pixels say of a picture, without a network: how sharp, how noisy, where its thing stands."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from infra.models.miniature.drawing import Picture
from infra.models.miniature.scene import COLOURS

STEEPEST = 0.05  # of the pixels: the edges, however much of the picture is flat
FLATTEST = 1 / 3  # of the pixels: surely no edge is among them, even between stripes
SMOOTHING = 1.0  # pixels: noise shall not decide which areas are flat


def sharpness(picture: Picture) -> float:
    """The mean slope of the steepest pixels, in levels of 256 a pixel: blurred edges are gentle."""
    slopes = np.sort(_slopes(picture.astype(np.float32)), axis=None)
    return float(slopes[-round(STEEPEST * slopes.size) :].mean())


def degradation(picture: Picture) -> float:
    """What is left of noise: the mean absolute Laplacian of the flattest pixels, in levels of 256."""
    smooth = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(SMOOTHING))
    slopes = _slopes(np.asarray(smooth, np.float32))[1:-1, 1:-1]
    flat = np.argsort(slopes, axis=None, kind="stable")[: round(FLATTEST * slopes.size)]
    rough = np.abs(_laplacian(picture.astype(np.float32))).mean(axis=2)
    return float(rough.reshape(-1)[flat].mean())


def middle(picture: Picture, colour: str, ground: str) -> float:
    """The mean x of the pixels that are nearer to `colour` than to `ground`; half the width where there are none."""
    away = [np.linalg.norm(picture - np.asarray(COLOURS[word], np.float32), axis=2) for word in (colour, ground)]
    columns = np.nonzero(away[0] < away[1])[1]
    return float(columns.mean()) if columns.size else picture.shape[1] / 2


def difference(one: Picture, other: Picture) -> float:
    """The mean absolute difference of two pictures, from 0 to 1."""
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean() / 255)


def _slopes(values: NDArray[np.float32]) -> NDArray[np.float32]:
    down, across = np.gradient(values, axis=(0, 1))
    slopes: NDArray[np.float32] = np.sqrt((down**2 + across**2).sum(axis=2))
    return slopes


def _laplacian(values: NDArray[np.float32]) -> NDArray[np.float32]:
    around = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    return around - 4 * values[1:-1, 1:-1]
