"""The contact sheet: pictures side by side, each with what made it."""

import io
from dataclasses import dataclass
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

CELL = 256  # pixels a side of a picture
GAP = 16
LINE_LENGTH = 38  # characters that fit under a picture
FONT_SIZE = 13
LINE = 17
PAPER, INK, FAINT = "#ffffff", "#1c1e21", "#63676c"


@dataclass(frozen=True)
class Panel:
    """One picture (an encoded image file), its title and its parameters."""

    data: bytes
    title: str
    parameters: str


def contact_sheet(heading: str, panels: list[Panel]) -> bytes:
    """A PNG with all panels in one row under a heading."""
    width = GAP + len(panels) * (CELL + GAP)
    lines = max(len(wrap(panel.parameters, LINE_LENGTH)) for panel in panels)
    height = 3 * GAP + LINE + CELL + (lines + 1) * LINE
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), heading, INK, ImageFont.load_default(FONT_SIZE + 2))
    for column, panel in enumerate(panels):
        _paste(sheet, draw, panel, GAP + column * (CELL + GAP), 2 * GAP + LINE)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _paste(sheet: Image.Image, draw: ImageDraw.ImageDraw, panel: Panel, left: int, top: int) -> None:
    picture = Image.open(io.BytesIO(panel.data)).convert("RGB")
    # small models draw small pictures: whole pixels, so that nobody takes blur for quality
    sheet.paste(picture.resize((CELL, CELL), Image.Resampling.NEAREST), (left, top))
    draw.text((left, top + CELL + 4), panel.title, INK, ImageFont.load_default(FONT_SIZE))
    for line, text in enumerate(wrap(panel.parameters, LINE_LENGTH), start=1):
        draw.text((left, top + CELL + 4 + line * LINE), text, FAINT, ImageFont.load_default(FONT_SIZE - 1))
