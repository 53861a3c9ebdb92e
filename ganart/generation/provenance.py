"""Origins inside picture files: reading and checking them, sizes, and protection of other files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganart.codecs.image import COMMENT, EXIF, KEY, USER_COMMENT, pixels_of
from ganart.datasets.reading.settings import FILTERS
from ganart.errors import UserError
from ganart.files.foreign import parsed
from ganart.files.paths import from_here
from ganart.seeds import LARGEST_SEED, LEAST_TRUNCATION

LARGEST_SIDE = 8192
TEXTS = ("run", "checkpoint", "checkpoint_sha256", "weights", "pixels_sha256")
NEEDED = {"seed", "labels", "truncation", *TEXTS}
DECIDING = ("checkpoint_sha256", "weights", "seed", "labels", "truncation")
"""Keys of an origin that identify the picture, beside `resampled`."""

AS_WRITTEN = "Use the file as `ganart generate` wrote it."


@dataclass(frozen=True)
class Size:
    """The size that generated pictures are resampled to, without cropping.

    Without `height`, `width` is the longer side, and the shorter one follows from the aspect ratio.
    """

    width: int
    height: int | None
    filter: str

    @classmethod
    def in_origin(cls, origin: dict[str, Any]) -> Size | None:
        """Return the size in an origin; None if the picture was not resampled."""
        return cls(**origin["resampled"]) if origin.get("resampled") else None

    def gives(self, resampled: dict[str, Any]) -> bool:
        """Return whether `resampled`, of an origin, is the result of this size."""
        width, height = resampled["width"], resampled["height"]
        same = (width, height) == (self.width, self.height) if self.height else max(width, height) == self.width
        return same and resampled["filter"] == self.filter

    def resample(self, pixels: np.ndarray) -> np.ndarray:
        """Return uint8 [H, W, C] at this size."""
        height, width, channels = pixels.shape
        scale = self.width / max(height, width)
        size = (self.width, self.height) if self.height else (round(width * scale) or 1, round(height * scale) or 1)
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        return pixels_of(image.resize(size, FILTERS[self.filter]))

    def as_origin(self, pixels: np.ndarray) -> dict[str, Any]:
        """Return the entry for the origin of `pixels` at this size."""
        return {"resampled": {"width": pixels.shape[1], "height": pixels.shape[0], "filter": self.filter}}


def refuse_to_overwrite(planned: Iterable[tuple[Path, dict[str, Any]]], size: Size | None, instead: str) -> None:
    """Raise `UserError` if one of the files exists and is another picture than the planned one.

    Args:
        planned: pairs of a file and its origin.
        size: the size of the pictures; None for the generator's.
        instead: advice for the message, a sentence.
    """
    for file, origin in planned:
        if file.exists() and (why := _other_picture(file, origin, size)):
            raise UserError(f"{from_here(file)} {why}, and is not overwritten. {instead}")


def _other_picture(file: Path, origin: dict[str, Any], size: Size | None) -> str | None:
    """Return a description of `file` if it is another picture than that of `origin` at `size`, else None."""
    try:
        _, there = read_picture(file)
    except UserError:
        return "is there, and ganart has not written it as it is now"
    differing = [key for key in DECIDING if there[key] != origin[key]]
    if differing:
        key = differing[0]
        what = "checkpoint" if key == "checkpoint_sha256" else f"{key}={there[key]}, here {origin[key]}"
        return f"is the picture of another recipe ({what})".replace("None", "null")
    if (size is None) != (there.get("resampled") is None) or (size and not size.gives(there["resampled"])):
        return "is the same picture in another size"
    return None


def read_picture(file: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Return pixels uint8 [H, W, C] and origin of a picture that `save_picture` has written.

    The file may be untrusted: types and ranges of all that generating needs are checked.

    Raises:
        UserError: if there is no such file, it is no picture, or its origin is missing or damaged.
    """
    if not file.is_file():
        raise UserError(f"{file}: there is no such file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=("PNG", "WEBP", "JPEG")) as image:
                text, pixels = _origin_in(image), pixels_of(image)
    except Exception as error:  # decoders raise nearly any kind for damaged files
        raise UserError(f"{file} cannot be read as a picture: {error or type(error).__name__}") from error
    if text is None:
        raise UserError(
            f"{file} carries no origin: either ganart did not generate it, or a program that saved it since has "
            f"dropped what stood beside the pixels. {AS_WRITTEN}"
        )
    try:
        origin = parsed(text)
    except ValueError as error:
        raise UserError(f"{file}: its origin is damaged ({error}). {AS_WRITTEN}") from error
    if not isinstance(origin, dict) or not origin.keys() >= NEEDED:
        raise UserError(f"{file}: its origin lacks what generating it again needs ({', '.join(sorted(NEEDED))}).")
    for key, is_right in _expectations(origin).items():
        if not is_right:
            raise UserError(f"{file}: its origin is damaged: {key}={_on_one_line(origin.get(key))}. {AS_WRITTEN}")
    return pixels, origin


def _origin_in(image: Image.Image) -> str | None:
    if image.format == "PNG":
        return image.info.get(KEY)
    comment = image.getexif().get_ifd(EXIF).get(USER_COMMENT)
    if not isinstance(comment, bytes) or not comment.startswith(COMMENT):
        return None
    return comment.removeprefix(COMMENT).decode("ascii", "replace")


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return uint8 [H, W, C] with `channels`: WebP returns grey as RGB, and drops alpha that is opaque everywhere."""
    if channels == 1 and pixels.shape[2] == 3 and (pixels == pixels[..., :1]).all():
        return pixels[..., :1]
    if channels == 4 and pixels.shape[2] == 3:
        return np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=2)
    return pixels


def _expectations(origin: dict[str, Any]) -> dict[str, bool]:
    """Return, for each key of an origin that generating needs, whether its value has the right type and range."""
    labels, truncation = origin["labels"], origin["truncation"]
    is_labels = isinstance(labels, dict) and all(isinstance(name, str | None) for name in labels.values())
    return {
        **{key: isinstance(origin.get(key), str) and "\0" not in origin[key] for key in TEXTS},
        "run_from_here": isinstance(origin.get("run_from_here", ""), str),
        "seed": _is_whole(origin["seed"]) and 0 <= origin["seed"] <= LARGEST_SEED,
        "labels": is_labels,
        "truncation": truncation is None or (_is_number(truncation) and truncation >= LEAST_TRUNCATION),
        "resampled": origin.get("resampled") is None or _is_resampling(origin["resampled"]),
    }


def _is_resampling(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(_is_whole(value.get(side)) and 0 < value[side] <= LARGEST_SIDE for side in ("width", "height"))
        and value.get("filter") in list(FILTERS)
        and set(value) == {"width", "height", "filter"}
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _on_one_line(value: Any) -> str:
    text = re.sub(r"\s+", " ", repr(value)) if not isinstance(value, int) or abs(value) < 1e30 else "a number too large"
    return text if len(text) <= 60 else f"{text[:60]}…"
