"""Where a picture comes from, written into its file: enough to trace it, and to generate the same pixels again."""

from __future__ import annotations

import hashlib
import io
import json
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganart.datasets.reading.settings import FILTERS
from ganart.errors import UserError
from ganart.files.json_files import in_json
from ganart.files.paths import from_here
from ganart.seeds import LARGEST_SEED, LEAST_TRUNCATION

KEY = "ganart"
FORMATS = {"png": ".png", "webp": ".webp", "jpg": ".jpg"}
"""The formats that pictures are written in, with their endings: PNG and WebP keep every pixel, JPEG does not."""

LARGEST_SIDE = 8192
EXIF, USER_COMMENT, SOFTWARE, DESCRIPTION = 0x8769, 0x9286, 0x0131, 0x010E
COMMENT = b"ASCII\0\0\0ganart "
"""How the user comment begins: with its encoding, as EXIF has it, and whose it is."""

TEXTS = ("run", "checkpoint", "checkpoint_sha256", "weights", "pixels_sha256")
NEEDED = {"seed", "labels", "truncation", *TEXTS}
DECIDING = ("checkpoint_sha256", "weights", "seed", "labels", "truncation")
"""What of an origin says which picture it is; `resampled` beside them."""

AS_WRITTEN = "Use the file as `ganart generate` wrote it."


@dataclass(frozen=True)
class Size:
    """What a picture is brought to after it was generated: whole, never cropped.

    Without `height`, `width` is the longer side and the other follows.
    """

    width: int
    height: int | None
    filter: str

    @classmethod
    def in_origin(cls, origin: dict[str, Any]) -> Size | None:
        """The size that a picture was brought to, as its origin has it."""
        return cls(**origin["resampled"]) if origin.get("resampled") else None

    def gives(self, resampled: dict[str, Any]) -> bool:
        """Whether a picture with `resampled` in its origin was brought to this size."""
        width, height = resampled["width"], resampled["height"]
        same = (width, height) == (self.width, self.height) if self.height else max(width, height) == self.width
        return same and resampled["filter"] == self.filter

    def resample(self, pixels: np.ndarray) -> np.ndarray:
        """Return uint8 [H, W, C] at this size."""
        height, width, channels = pixels.shape
        scale = self.width / max(height, width)
        size = (self.width, self.height) if self.height else (round(width * scale) or 1, round(height * scale) or 1)
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        return _pixels(image.resize(size, FILTERS[self.filter]))

    def as_origin(self, pixels: np.ndarray) -> dict[str, Any]:
        """What the origin of `pixels`, at this size, says of it."""
        return {"resampled": {"width": pixels.shape[1], "height": pixels.shape[0], "filter": self.filter}}


def save_picture(pixels: np.ndarray, file: Path, origin: dict[str, Any]) -> None:
    """Write uint8 [H, W, C] in the format that the ending of `file` names, with `origin` and the hash of its pixels.

    In a PNG they stand in an iTXt chunk, in WebP and JPEG in the user comment of the EXIF block.

    Raises:
        UserError: for another ending, or for transparency in a JPEG.
    """
    origin = {**origin, "pixels_sha256": pixels_hash(pixels)}
    software = f"ganart {origin['versions']['ganart']}"
    source = f"trained on {origin['dataset']['name']}, licence of the data: {origin['dataset']['licence']}"
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if file.suffix == FORMATS["png"]:
        info = PngInfo()
        info.add_itxt(KEY, in_json(origin))
        info.add_itxt("Software", software)
        info.add_itxt("Source", source)
        image.save(file, pnginfo=info)
        return
    exif = Image.Exif()
    exif[SOFTWARE], exif[DESCRIPTION] = software, source
    exif.get_ifd(EXIF)[USER_COMMENT] = COMMENT + json.dumps(json.loads(in_json(origin))).encode("ascii")
    file.write_bytes(_encoded(image, file.suffix, exif))


def refuse_to_overwrite(planned: Iterable[tuple[Path, dict[str, Any]]], size: Size | None, instead: str) -> None:
    """Raise `UserError` if one of the files is there and is not the picture that is to be written.

    Args:
        planned: each file with the origin that it is to have.
        size: what the pictures are to be brought to.
        instead: what to do then, a sentence.
    """
    for file, origin in planned:
        if file.exists() and (why := _other_picture(file, origin, size)):
            raise UserError(f"{from_here(file)} {why}, and is not overwritten. {instead}")


def _other_picture(file: Path, origin: dict[str, Any], size: Size | None) -> str | None:
    """What `file` is, if it is not the picture of `origin` at `size`."""
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


def _encoded(image: Image.Image, ending: str, exif: Image.Exif | None = None) -> bytes:
    """The bytes of a WebP or JPEG file."""
    stream = io.BytesIO()
    about = {"exif": exif} if exif else {}
    if ending == FORMATS["webp"]:
        image.save(stream, "WEBP", lossless=True, exact=True, **about)
    elif ending != FORMATS["jpg"]:
        raise UserError(f"{ending}: pictures are written as {', '.join(FORMATS.values())}.")
    elif image.mode == "RGBA":
        raise UserError("A JPEG has no transparency, and these pictures do: format=png or format=webp.")
    else:
        image.save(stream, "JPEG", quality=95, subsampling=0, **about)
    return stream.getvalue()


def as_stored(pixels: np.ndarray, ending: str) -> np.ndarray:
    """Return uint8 [H, W, C] as a file with `ending` gives them back: changed where its compression loses something."""
    if ending != FORMATS["jpg"]:
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return _pixels(Image.open(io.BytesIO(_encoded(image, ending))))


def read_picture(file: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Return pixels uint8 [H, W, C] and origin of a picture that `save_picture` has written.

    The origin comes from anybody's file: its parts that generating needs have the types and ranges that they must have.

    Raises:
        UserError: if there is no such file, it is no picture, or it carries no origin or a damaged one.
    """
    if not file.is_file():
        raise UserError(f"{file}: there is no such file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=("PNG", "WEBP", "JPEG")) as image:
                text, pixels = _origin_in(image), _pixels(image)
    except Exception as error:  # decoders raise nearly every kind on damaged files
        raise UserError(f"{file} cannot be read as a picture: {error or type(error).__name__}") from error
    if text is None:
        raise UserError(
            f"{file} carries no origin: either ganart did not generate it, or a program that saved it since has "
            f"dropped what stood beside the pixels. {AS_WRITTEN}"
        )
    try:
        origin = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file}: its origin is damaged ({error}). {AS_WRITTEN}") from error
    if not isinstance(origin, dict) or not origin.keys() >= NEEDED:
        raise UserError(f"{file}: its origin lacks what generating it again needs ({', '.join(sorted(NEEDED))}).")
    for key, is_right in _expectations(origin).items():
        if not is_right:
            raise UserError(f"{file}: its origin is damaged: {key}={_short(origin.get(key))}. {AS_WRITTEN}")
    return pixels, origin


def _origin_in(image: Image.Image) -> str | None:
    if image.format == "PNG":
        return image.info.get(KEY)
    comment = image.getexif().get_ifd(EXIF).get(USER_COMMENT)
    if not isinstance(comment, bytes) or not comment.startswith(COMMENT):
        return None
    return comment.removeprefix(COMMENT).decode("ascii", "replace")


def _pixels(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return uint8 [H, W, C] with `channels`: WebP gives grey back as colour, and leaves out what is opaque anyway."""
    if channels == 1 and pixels.shape[2] == 3 and (pixels == pixels[..., :1]).all():
        return pixels[..., :1]
    if channels == 4 and pixels.shape[2] == 3:
        return np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=2)
    return pixels


def _expectations(origin: dict[str, Any]) -> dict[str, bool]:
    """Whether each part of an origin that generating needs is what it has to be."""
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


def _short(value: Any) -> str:
    text = re.sub(r"\s+", " ", repr(value)) if not isinstance(value, int) or abs(value) < 1e30 else "a number too large"
    return text if len(text) <= 60 else f"{text[:60]}…"


def pixels_hash(pixels: np.ndarray) -> str:
    """SHA-256 of shape and bytes."""
    return hashlib.sha256(f"{pixels.shape}".encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
