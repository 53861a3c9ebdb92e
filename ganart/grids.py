"""Sheets of pictures with captions; small pictures are enlarged, transparency lies over a checkerboard."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from ganart.colours import over

PAPER = (250, 250, 248)
INK = (60, 60, 64)
FAINT = (150, 150, 154)
SHEET = "ganart sheet"
"""The comment in the files of sheets, by which they are skipped when a folder of pictures is read."""

_CHECKS = (236, 218)
_GAP = 6
_TEXT = 12
_WIDE_FONTS = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf", "LiberationSans-Regular.ttf")


def grid(
    pictures: np.ndarray, columns: int, *, captions: Sequence[str] | None = None, min_side: int = 64
) -> Image.Image:
    """Return `pictures` in rows of `columns` on one sheet.

    Args:
        pictures: uint8 [N, H, W, C], C = 1 grey, 3 RGB, 4 RGBA, with N ≥ 1.
        columns: number of pictures in a row.
        captions: one per picture, set below it and shortened where it is wider than the picture; None for none.
        min_side: pictures whose longer side has fewer pixels are enlarged by a whole factor, pixels repeated.

    Returns:
        The sheet, in mode RGB.
    """
    tiles = enlarged(on_checkerboard(pictures), min_side)
    count, height, width, _ = tiles.shape
    columns = min(columns, count)
    line = _TEXT + 6 if captions is not None else 0
    rows = -(-count // columns)
    sheet = Image.new("RGB", (_GAP + columns * (width + _GAP), _GAP + rows * (height + line + _GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, tile in enumerate(tiles):
        x = _GAP + index % columns * (width + _GAP)
        y = _GAP + index // columns * (height + line + _GAP)
        sheet.paste(Image.fromarray(tile), (x, y))
        if captions is not None:
            write(draw, (x + width // 2, y + height + 3), captions[index], _TEXT, INK, width, anchor="ma")
    return sheet


def save_sheet(sheet: Image.Image, file: Path) -> None:
    """Write a sheet as a PNG, marked as a sheet in its comment."""
    info = PngInfo()
    info.add_text("comment", SHEET)
    sheet.save(file, pnginfo=info)


def is_sheet(image: Image.Image) -> bool:
    """Return whether an opened picture is a sheet, still or animated, that ganart has written."""
    return image.info.get("comment") in (SHEET, SHEET.encode())


def on_checkerboard(pictures: np.ndarray) -> np.ndarray:
    """Return uint8 [N, H, W, 1|3|4] as uint8 [N, H, W, 3], transparency over a checkerboard in soft greys."""
    if pictures.shape[3] == 1:
        return np.repeat(pictures, 3, axis=3)
    if pictures.shape[3] == 3:
        return np.asarray(pictures)
    height, width = pictures.shape[1:3]
    check = max(1, min(height, width) // 8)
    odd = np.add.outer(np.arange(height) // check, np.arange(width) // check) % 2
    board = np.where(odd, *_CHECKS)[None, :, :, None]
    return over(pictures, board.astype(np.int32)).astype(np.uint8)


def enlarged(pictures: np.ndarray, min_side: int) -> np.ndarray:
    """Return uint8 [N, H, W, C] with every pixel repeated until the longer side has at least `min_side` pixels."""
    factor = max(1, -(-min_side // max(pictures.shape[1:3])))
    return pictures.repeat(factor, axis=1).repeat(factor, axis=2)


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    width: int,
    anchor: str = "la",
) -> None:
    """Draw `text` on one line at `place`, `size` pixels high; shorten it with "..." where it is wider than `width`."""
    text = " ".join(text.split())
    face = _font(size, text)
    if face.getlength(text) > width:
        while text and face.getlength(f"{text}...") > width:
            text = text[:-1]
        text = f"{text}..."
    draw.text(place, text, fill=colour, font=face, anchor=anchor)


def _font(size: int, text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's built-in font, which has only ASCII and "·", or a system font for other letters."""
    for name in () if text.replace("·", "").isascii() else _WIDE_FONTS:
        with suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)
