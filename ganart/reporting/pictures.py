"""Pictures made small and put into the page itself."""

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
"""What a run folder has pictures in. Pillow knows others by their content, some of which it gives to other programs."""


@dataclass(frozen=True)
class Thumbnail:
    """A picture as a data URI, its size in pixels as it is in the page, and what it shows."""

    uri: str
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class Budget:
    """How much of a run's pictures a page can hold: frames of its timeline, and widths in pixels."""

    frames: int
    frame: int
    sheet: int

    @classmethod
    def of(cls, num_runs: int) -> Budget:
        """About 5 MB for ten runs, less for a run where there are more."""
        if num_runs <= 3:
            return cls(frames=12, frame=300, sheet=900)
        return cls(frames=8, frame=220, sheet=520) if num_runs <= 12 else cls(frames=5, frame=140, sheet=280)


def embedded(file: Path, width: int, caption: str) -> Thumbnail | None:
    """`file` no wider than `width` and no higher than twice that, as WebP; None if it is no picture.

    An odd shape, a sheet of thousands of rows, is what the second limit is for.
    """
    try:
        with Image.open(file, formats=FORMATS) as opened:
            image = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except Exception:  # a damaged file breaks its decoder in its own way
        return None
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, PAPER), image).convert("RGB")
    image.thumbnail((width, 2 * width), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=QUALITY, method=6)
    uri = "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    return Thumbnail(uri, image.width, image.height, caption)


def evenly(count: int, most: int) -> list[int]:
    """At most `most` (≥ 2) positions out of `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / (most - 1)) for step in range(most)]


def timeline(samples: Sequence[tuple[int, Path]], budget: Budget, width: int) -> list[Thumbnail]:
    """The same latents over time, as a strip of at most `budget.frames`."""
    chosen = [samples[position] for position in evenly(len(samples), budget.frames)]
    frames = [embedded(file, width, f"{seen:,} images") for seen, file in chosen]
    return [frame for frame in frames if frame is not None]
