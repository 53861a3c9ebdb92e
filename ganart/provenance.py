"""Where a picture comes from, written into its file: enough to trace it, and to paint the same pixels again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from ganart.errors import UserError
from ganart.json_files import in_json

KEY = "ganart"
NEEDED = {"seed", "labels", "truncation", "run", "checkpoint", "checkpoint_sha256", "weights", "pixels_sha256"}


def save_png(pixels: np.ndarray, file: Path, origin: dict[str, Any]) -> None:
    """Write uint8 [H, W, C] as a PNG with `origin`, and the hash of its pixels, in an iTXt chunk."""
    origin = {**origin, "pixels_sha256": pixels_hash(pixels)}
    info = PngInfo()
    info.add_itxt(KEY, in_json(origin))
    info.add_itxt("Software", f"ganart {origin['versions']['ganart']}")
    info.add_itxt(
        "Source", f"trained on {origin['dataset']['name']}, licence of the data: {origin['dataset']['licence']}"
    )
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file, pnginfo=info)


def read_png(file: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Return pixels uint8 [H, W, C] and origin of a picture that `save_png` has written.

    Raises:
        UserError: if there is no such file, it is no picture, or it carries no origin.
    """
    if not file.is_file():
        raise UserError(f"{file}: there is no such file.")
    try:
        with Image.open(file) as image:
            pixels = np.asarray(image)
            text = image.info.get(KEY)
    except (UnidentifiedImageError, OSError) as error:
        raise UserError(f"{file} cannot be read as a picture: {error}") from error
    if text is None:
        raise UserError(
            f"{file} carries no origin: either ganart did not paint it, or a program that saved it since has dropped "
            "the PNG's text. Use the file as `ganart generate` wrote it."
        )
    try:
        origin = json.loads(text)
    except ValueError as error:
        raise UserError(
            f"{file}: its origin is damaged ({error}). Use the file as `ganart generate` wrote it."
        ) from error
    if not isinstance(origin, dict) or not origin.keys() >= NEEDED:
        raise UserError(f"{file}: its origin lacks what painting it again needs ({', '.join(sorted(NEEDED))}).")
    return pixels[..., None] if pixels.ndim == 2 else pixels, origin


def pixels_hash(pixels: np.ndarray) -> str:
    """SHA-256 of shape and bytes."""
    return hashlib.sha256(f"{pixels.shape}".encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
