"""Images scaled down and embedded in the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ganart.grids import PAPER

QUALITY = 80

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""Image formats of a run folder. Pillow would recognise others by content and pass some to external programs."""


@dataclass(frozen=True)
class Thumbnail:
    """An image as a data URI, with its size on the page in pixels and its caption."""

    uri: str
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class Budget:
    """Limits on a run's images on the page: frames of its timeline, and widths in pixels."""

    frames: int
    frame: int
    sheet: int

    @classmethod
    def of(cls, num_runs: int) -> Budget:
        """Return limits that give about 5 MB for ten runs, with less per run the more there are."""
        if num_runs <= 3:
            return cls(frames=12, frame=300, sheet=900)
        return cls(frames=8, frame=220, sheet=520) if num_runs <= 12 else cls(frames=5, frame=140, sheet=280)


def embedded(file: Path, width: int, caption: str) -> Thumbnail | None:
    """Return the image in `file` as WebP, at most `width` wide and twice as high; None if it is not an image.

    The limit on the height is for sheets with thousands of rows.
    """
    try:
        with Image.open(file, formats=FORMATS) as opened:
            image = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except Exception:  # each decoder fails on damaged files in its own way
        return None
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, PAPER), image).convert("RGB")
    image.thumbnail((width, 2 * width), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=QUALITY, method=6)
    uri = "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    return Thumbnail(uri, image.width, image.height, caption)


def evenly(count: int, most: int) -> list[int]:
    """Return at most `most` (≥ 2) evenly spaced positions out of `count`, including the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / (most - 1)) for step in range(most)]


def timeline(samples: Sequence[tuple[int, Path]], budget: Budget, width: int) -> list[Thumbnail]:
    """Return images from the fixed latents over time, at most `budget.frames`."""
    chosen = [samples[position] for position in evenly(len(samples), budget.frames)]
    frames = [embedded(file, width, f"{seen:,} images") for seen, file in chosen]
    return [frame for frame in frames if frame is not None]
