"""The codec of images, and the file formats of pictures."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ganart.errors import UserError
from ganart.files.json_files import in_json
from ganart.grids import grid
from ganart.images import to_model, to_uint8

KEY = "ganart"
FORMATS = {"png": ".png", "webp": ".webp", "jpg": ".jpg"}
"""File formats of pictures with their suffixes: PNG and WebP are lossless, JPEG is not."""


EXIF, USER_COMMENT, SOFTWARE, DESCRIPTION = 0x8769, 0x9286, 0x0131, 0x010E
COMMENT = b"ASCII\0\0\0ganart "
"""The beginning of ganart's user comment: the encoding in EXIF's notation, then the name."""


class ImageCodec:
    """Images: float [N, C, H, W] in [−1, 1] in the model, uint8 [N, H, W, C] at every boundary."""

    name = "image"
    suffix = ".png"

    def to_model(self, stored: Tensor, *, channels_last: bool = False) -> Tensor:
        return to_model(stored, channels_last=channels_last)

    def to_stored(self, made: Tensor) -> Tensor:
        return to_uint8(made)

    def save(self, sample: np.ndarray, file: Path, origin: dict[str, Any]) -> None:
        save_picture(sample, file, origin)

    def sheet(self, samples: np.ndarray, columns: int, captions: Sequence[str] | None = None) -> Image.Image:
        return grid(samples, columns, captions=captions)


def save_picture(pixels: np.ndarray, file: Path, origin: dict[str, Any]) -> None:
    """Write uint8 [H, W, C] in the format of the suffix of `file`, with `origin` and the hash of the pixels.

    PNG holds the origin in an iTXt chunk, WebP and JPEG in the user comment of the EXIF block.

    Raises:
        UserError: for another suffix, or for transparency in a JPEG.
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


def _encoded(image: Image.Image, ending: str, exif: Image.Exif | None = None) -> bytes:
    """Return the bytes of a WebP or JPEG file."""
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
    """Return uint8 [H, W, C] as read back from a file with the suffix `ending`: JPEG changes pixels."""
    if ending != FORMATS["jpg"]:
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return pixels_of(Image.open(io.BytesIO(_encoded(image, ending))))


def pixels_of(image: Image.Image) -> np.ndarray:
    """Return uint8 [H, W, C] of an opened picture."""
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def pixels_hash(pixels: np.ndarray) -> str:
    """Return the SHA-256 of shape and bytes."""
    return hashlib.sha256(f"{pixels.shape}".encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
