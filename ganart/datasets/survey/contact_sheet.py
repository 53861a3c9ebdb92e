"""The contact sheet of a data set: a row of examples per class, with its name, count and mean colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ganart.datasets.base import PictureSet
from ganart.datasets.survey.survey import UNKNOWN_NAME, ClassCount, Report
from ganart.grids import FAINT, INK, PAPER, grid, write

_MOST_CLASSES = 24
_MOST_COLUMNS = 8
_ABOUT_PICTURES = 64
_LARGEST_SIDE = 128
_MARGIN = 24
_HEADER = 64
_NAMES = 190


def contact_sheet(pictures: PictureSet, report: Report) -> Image.Image:
    """Return examples of `pictures`, by class of their first factor with several classes, in mode RGB."""
    factor = next((factor for factor in report.factors if len(factor.classes) > 1), None)
    if factor is None:
        examples = _spread_out(np.arange(len(pictures.images)), _ABOUT_PICTURES)
        return _framed(report, "", [(None, grid(_small(pictures.images[examples]), _MOST_COLUMNS))])
    shown = factor.classes[:_MOST_CLASSES]
    columns = int(np.clip(_ABOUT_PICTURES // len(shown), 4, _MOST_COLUMNS))
    labels = pictures.labels[:, [factor.name for factor in pictures.factors].index(factor.name)]
    index = {name: label for label, name in enumerate(pictures.factor(factor.name).classes)} | {UNKNOWN_NAME: -1}
    rows = []
    for row in shown:
        examples = _spread_out(np.flatnonzero(labels == index[row.name]), columns)
        rows.append((row, grid(_small(pictures.images[examples]), columns)))
    left_out = len(factor.classes) - len(shown)
    subtitle = f"by {factor.name}" + (f", the first {len(shown)} of {len(factor.classes)} classes" if left_out else "")
    return _framed(report, subtitle, rows)


def _spread_out(rows: np.ndarray, count: int) -> np.ndarray:
    """Return up to `count` of `rows`, evenly spread from the first to the last."""
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)]


def _small(images: np.ndarray) -> np.ndarray:
    """Return uint8 [N, H, W, C] reduced to a longer side of at most `_LARGEST_SIDE` pixels."""
    height, width, channels = images.shape[1:]
    scale = _LARGEST_SIDE / max(height, width)
    if scale >= 1:
        return images
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pictures = [Image.fromarray(image.squeeze(2) if channels == 1 else image) for image in images]
    return np.stack([np.asarray(picture.resize(size)).reshape(*size[::-1], channels) for picture in pictures])


def _framed(report: Report, subtitle: str, rows: Sequence[tuple[ClassCount | None, Image.Image]]) -> Image.Image:
    names = _NAMES if rows[0][0] is not None else 0
    width = max(2 * _MARGIN + names + max(row.width for _, row in rows), 420)
    height = _HEADER + sum(row.height for _, row in rows) + _MARGIN
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    total = f"{report.train + report.test:,} pictures, {report.width} by {report.height}, licence: {report.licence}"
    text = " · ".join(filter(None, (subtitle, total)))
    write(draw, (_MARGIN, 16), report.name, 20, INK, width - 2 * _MARGIN)
    write(draw, (_MARGIN, 42), text, 12, FAINT, width - 2 * _MARGIN)
    y = _HEADER
    for count, row in rows:
        sheet.paste(row, (_MARGIN + names, y))
        if count is not None:
            _name(draw, count, y, row.height)
        y += row.height
    return sheet


def _name(draw: ImageDraw.ImageDraw, count: ClassCount, y: int, height: int) -> None:
    """Write the name, count and mean colour of a class to the left of its row of `height` pixels."""
    middle = y + height // 2
    draw.rounded_rectangle((_MARGIN, middle - 14, _MARGIN + 28, middle + 14), radius=5, fill=count.colour)
    left, room = _MARGIN + 38, _NAMES - 48
    write(draw, (left, middle - 16), count.name.replace("_", " "), 14, INK, room)
    write(draw, (left, middle + 3), f"{count.total:,} · {count.colour}", 12, FAINT, room)
