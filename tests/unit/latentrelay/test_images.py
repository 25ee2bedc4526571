"""Every kind of input image becomes the right picture."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from latentrelay.images import open_image

Array = np.ndarray[Any, Any]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def opened(data: bytes) -> Array:
    return open_image(data, max_bytes=2_000_000, max_pixels=1_000_000)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(height: int = 32, width: int = 48) -> Array:
    """Smooth, different in every corner."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, 255 - rows * 255 // height], -1).astype(np.uint8)


def far(one: Array, other: Array) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other.astype(int)).max())


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: tuple[int, int], depth: int, colour: int, lines: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand, for kinds that Pillow does not write."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_lossless_picture_is_read_to_the_pixel(kind: str) -> None:
    data = saved(Image.fromarray(picture()), kind, lossless=True)
    read = opened(data)
    assert read.dtype == np.uint8
    assert far(read, picture()) == 0
    read[0, 0] = 1  # it is the caller's own


def test_a_jpeg_is_read_nearly_to_the_pixel() -> None:
    assert far(opened(saved(Image.fromarray(picture()), "jpeg", quality=98, subsampling=0)), picture()) < 6


@pytest.mark.parametrize("kind", ["webp", "png"])
def test_of_an_animation_the_first_frame_is_read(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert far(opened(data), np.full((16, 16, 3), RED)) == 0


def test_a_cmyk_jpeg_has_the_colours_it_was_saved_with() -> None:
    colours = [WHITE, (0, 0, 0), RED, GREEN, BLUE, (128, 128, 128)]
    pixels = np.repeat(np.array(colours, np.uint8)[None], 16, 0).repeat(16, 1)
    data = saved(Image.fromarray(pixels).convert("CMYK"), "jpeg", quality=100, subsampling=0)
    assert Image.open(BytesIO(data)).mode == "CMYK"
    assert far(opened(data), pixels) <= 4


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_exif_says(kind: str, orientation: int) -> None:
    """The camera stores `stored`; rows and columns mean what TIFF 6.0 says of tag 274."""
    upright = picture(32, 48)
    stored = {
        1: upright,
        2: np.fliplr(upright),
        3: np.rot90(upright, 2),
        4: np.flipud(upright),
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    options = {"quality": 98, "subsampling": 0} if kind == "jpeg" else {"lossless": True}
    data = saved(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options)
    assert far(opened(data), upright) < 8


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0broken", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01x", b"Exif\0\0"],
    ids=["no header", "cut short", "empty"],
)
def test_a_picture_with_damaged_exif_is_still_a_picture(exif: bytes) -> None:
    data = saved(Image.fromarray(picture()), "jpeg", exif=exif, quality=98, subsampling=0)
    assert far(opened(data), picture()) < 6


def test_a_16_bit_grey_png_keeps_its_brightness() -> None:
    grey = np.linspace(0, 65535, 64 * 16).astype(np.uint16).reshape(16, 64)
    expected = np.repeat((grey // 256)[..., None], 3, 2)
    assert far(opened(saved(Image.fromarray(grey), "png")), expected) == 0


def test_a_16_bit_colour_png_keeps_its_colours() -> None:
    colours = np.random.default_rng(0).integers(0, 65536, (5, 7, 3)).astype(">u2")
    lines = b"".join(b"\0" + row.tobytes() for row in colours)
    assert far(opened(png((7, 5), 16, 2, lines)), colours // 256) == 0


def test_16_bit_grey_with_alpha_and_with_a_transparent_grey_are_flattened_on_white() -> None:
    half = np.array([[[20_000, 65_535], [20_000, 0]]], ">u2")
    assert opened(png((2, 1), 16, 4, b"\0" + half.tobytes())).tolist() == [[[78] * 3, [255] * 3]]
    grey = np.array([[20_000, 30_000]], ">u2")
    keyed = png((2, 1), 16, 0, b"\0" + grey.tobytes(), chunk(b"tRNS", struct.pack(">H", 20_000)))
    assert opened(keyed).tolist() == [[[255] * 3, [117] * 3]]


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_alpha_is_flattened_on_white(kind: str) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2] = (*RED, 255)
    pixels[2] = (*RED, 128)
    read = opened(saved(Image.fromarray(pixels), kind, lossless=True))
    assert read[0, 0].tolist() == list(RED)
    assert far(read[2], np.full((4, 3), (255, 127, 127))) <= 1
    assert read[3, 3].tolist() == list(WHITE)


def test_grey_with_alpha_is_flattened_on_white() -> None:
    assert opened(saved(Image.new("LA", (1, 1), (10, 0)), "png")).tolist() == [[list(WHITE)]]


def test_a_palette_gives_its_colours_and_white_where_it_is_transparent() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    for column in range(3):
        image.putpixel((column, 0), column)
    assert opened(saved(image, "png")).tolist() == [[list(RED), list(GREEN), list(BLUE)]]
    assert opened(saved(image, "png", transparency=1)).tolist() == [[list(RED), list(WHITE), list(BLUE)]]


def test_one_bit_is_black_and_white() -> None:
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    assert opened(saved(image, "png")).tolist() == [[[0, 0, 0], list(WHITE)]]


def test_grey_and_a_transparent_colour_are_read() -> None:
    assert opened(saved(Image.new("L", (1, 1), 77), "png")).tolist() == [[[77, 77, 77]]]
    assert opened(saved(Image.new("RGB", (1, 1), RED), "png", transparency=RED)).tolist() == [[list(WHITE)]]


def test_a_colour_profile_is_ignored() -> None:
    data = saved(Image.fromarray(picture()), "png", icc_profile=b"no profile at all")
    assert far(opened(data), picture()) == 0


def test_many_threads_read_at_once() -> None:
    files = [
        saved(Image.fromarray(picture(32, 16 + 8 * n)), kind, lossless=True)
        for n in range(8)
        for kind in ("png", "webp")
    ]
    with ThreadPoolExecutor(8) as pool:
        for data, read in zip(files * 8, pool.map(opened, files * 8), strict=True):
            assert far(read, opened(data)) == 0
