"""What is no image, damaged or too large is refused with a clear error, at no cost."""

import struct
import subprocess
import sys
import warnings
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from latentrelay.errors import InputTooLarge, InputUndecodable
from latentrelay.images import open_image

Array = np.ndarray[Any, Any]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def opened(data: bytes, *, max_bytes: int = 2_000_000, max_pixels: int = 1_000_000) -> Array:
    return open_image(data, max_bytes=max_bytes, max_pixels=max_pixels)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(height: int = 32, width: int = 48) -> Array:
    """Smooth, different in every corner."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, 255 - rows * 255 // height], -1).astype(np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"\0" * 100, b"RIFF1234AVI "])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(InputUndecodable, match=r"no PNG, JPEG or WebP|empty"):
        opened(data)


@pytest.mark.parametrize("kind", ["gif", "bmp", "tiff", "jpeg2000", "ppm", "ico", "avif"])
def test_other_formats_are_refused_by_content(kind: str) -> None:
    with pytest.raises(InputUndecodable, match="no PNG, JPEG or WebP"):
        opened(saved(Image.fromarray(picture()), kind))


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(InputUndecodable):
        opened(data[: int(len(data) * share)])


def test_a_file_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(InputTooLarge, match="has 11 bytes; at most 10"):
        opened(b"not even a ", max_bytes=10)


def test_a_picture_at_the_limit_passes_and_one_above_is_refused() -> None:
    data = saved(Image.fromarray(picture(32, 48)), "png")
    assert opened(data, max_bytes=len(data), max_pixels=32 * 48).shape == (32, 48, 3)
    with pytest.raises(InputTooLarge, match="48 x 32 pixels; at most 1535"):
        opened(data, max_pixels=32 * 48 - 1)


def huge_png(side: int = 20_000) -> bytes:
    """A true PNG of 20,000 x 20,000 black pixels, compressed piece by piece: 50 KB."""
    packer = zlib.compressobj(9)
    line = b"\0" + bytes((side + 7) // 8)
    body = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_a_png_of_20000_x_20000_is_refused_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputTooLarge, match="20000 x 20000"):
            opened(huge_png(), max_pixels=40_000_000)


def test_a_png_of_20000_x_20000_costs_no_memory() -> None:
    code = (
        "import resource, sys\n"
        "from latentrelay.images import open_image\n"
        "from latentrelay.errors import InputTooLarge\n"
        "data, before = sys.stdin.buffer.read(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: open_image(data, max_bytes=10**7, max_pixels=4 * 10**7)\n"
        "except InputTooLarge: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=huge_png(), capture_output=True, check=True)
    assert int(done.stdout) < 20_000  # KiB; decoded it would be 50,000 at the least


def test_the_limit_is_the_callers_and_pillows_own_stays_as_it_is() -> None:
    before = Image.MAX_IMAGE_PIXELS
    side = 14_000  # 196 million pixels, more than Pillow lets through
    wide = saved(Image.new("L", (side, 1)), "png")
    assert opened(wide, max_pixels=side).shape == (1, side, 3)
    with pytest.raises(InputTooLarge):
        opened(huge_png(), max_pixels=399_999_999)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_webp_canvas_of_16383_x_16383_is_refused() -> None:
    data = bytearray(
        saved(Image.new("RGB", (8, 8)), "webp", save_all=True, append_images=[Image.new("RGB", (8, 8), RED)])
    )
    data[24:30] = (16382).to_bytes(3, "little") * 2
    with pytest.raises(InputTooLarge):
        opened(bytes(data))


def test_a_text_that_unpacks_to_gigabytes_is_refused() -> None:
    bomb = PngInfo()
    bomb.add_text("x", "\0" * 100_000_000, zip=True)
    with pytest.raises(InputUndecodable, match="too large"):
        opened(saved(Image.new("L", (1, 1)), "png", pnginfo=bomb))


SEEDS = [saved(Image.fromarray(picture(8, 8)), kind, exif=Image.Exif()) for kind in ("png", "jpeg", "webp")]
SEEDS += [saved(Image.new(mode, (4, 4), 1), "png", transparency=1) for mode in ("I;16", "P", "L")]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_any_damage_gives_a_picture_or_a_clear_error(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 6)) :]
    try:
        assert opened(damaged).shape[2] == 3
    except (InputUndecodable, InputTooLarge) as error:
        assert len(error.detail) > 10
