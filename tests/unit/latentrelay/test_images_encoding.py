"""What is encoded reads back, with the parameters in it."""

import os
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from latentrelay.contracts import ImageFormat, Output
from latentrelay.errors import InputUndecodable
from latentrelay.images import Pixels, encode_image, open_image, read_parameters

PARAMETERS = {"prompt": '狐 🦊 é \0 " </w>', "seed": 2**53 - 1, "refine": {"switch_at": 0.8}, "negative_prompt": None}


def picture() -> Pixels:
    """Smooth, different in every corner; 48 x 32."""
    rows, columns = np.mgrid[0:32, 0:48]
    return np.stack([rows * 7, columns * 5, 255 - rows * 7], -1).astype(np.uint8)


@pytest.mark.parametrize("kind", list(ImageFormat))
def test_what_is_encoded_reads_back_with_its_parameters(kind: ImageFormat) -> None:
    data = encode_image(picture(), Output(format=kind), PARAMETERS)
    assert Image.open(BytesIO(data)).get_format_mimetype() == kind.media_type
    read = open_image(data, max_bytes=len(data), max_pixels=32 * 48)
    assert np.abs(read.astype(int) - picture()).max() <= (0 if kind is ImageFormat.PNG else 24)
    assert read_parameters(data) == PARAMETERS


@pytest.mark.parametrize("kind", list(ImageFormat))
def test_parameters_are_left_out_where_they_are_not_wanted(kind: ImageFormat) -> None:
    for data in (
        encode_image(picture(), Output(format=kind, embed_parameters=False), PARAMETERS),
        encode_image(picture(), Output(format=kind), None),
    ):
        assert read_parameters(data) is None
        assert b"seed" not in data.replace(b"\0", b"")


def test_the_same_pixels_give_the_same_file() -> None:
    assert encode_image(picture(), Output(), PARAMETERS) == encode_image(picture(), Output(), PARAMETERS)


@pytest.mark.parametrize("kind", [ImageFormat.JPEG, ImageFormat.WEBP])
def test_quality_changes_the_size(kind: ImageFormat) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    low, high = (len(encode_image(noise, Output(format=kind, quality=quality), None)) for quality in (10, 95))
    assert low * 2 < high


def test_parameters_that_exif_cannot_hold_cost_no_picture() -> None:
    much = {"prompt": "\0" * 10_000}
    assert read_parameters(encode_image(picture(), Output(format=ImageFormat.JPEG), much)) is None
    assert read_parameters(encode_image(picture(), Output(), much)) == much


@pytest.mark.parametrize("text", ["steps: 20, sampler: euler", "[1]", "[" * 100_000])
def test_the_parameters_of_others_are_not_taken_for_ours(text: str) -> None:
    info, buffer = PngImagePlugin.PngInfo(), BytesIO()
    info.add_text("parameters", text)
    Image.fromarray(picture()).save(buffer, "png", pnginfo=info)
    assert read_parameters(buffer.getvalue()) is None


def test_no_image_has_no_parameters() -> None:
    with pytest.raises(InputUndecodable):
        read_parameters(os.urandom(50))
