"""From the bytes of any picture file to an upright picture with 1, 3 or 4 channels of 8 bits."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ganart.datasets.settings import RGB

_WANTED = (
    *("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "DIB", "TIFF", "TGA", "PPM", "JPEG2000", "AVIF"),
    *("ICO", "PCX", "QOI", "DDS", "PSD", "HEIF"),
)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def formats() -> tuple[str, ...]:
    """Return the formats that may be opened. Others are left out on purpose: EPS would start another program."""
    Image.init()
    return tuple(name for name in _WANTED if name in Image.OPEN)


def open_picture(
    data: bytes, channels: int, background: RGB, least: int | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    """Decode the first frame of a picture, turned upright as its EXIF says.

    Args:
        data: the bytes of the file.
        channels: 1 grey, 3 RGB, 4 RGBA; with 1 and 3 what is transparent shows `background`.
        background: RGB, 0…255.
        least: a JPEG may be decoded at a half, quarter or eighth of its size (much faster) while both of its sides stay
            at least this many pixels long; None decodes at full size.

    Returns:
        The picture, in mode L, RGB or RGBA, and the (width, height) that it has in the file, upright.

    Raises:
        Exception: whatever the decoder raises on a damaged file; `reason` puts it into words.
    """
    if not data:
        raise ValueError("the file is empty")
    with Image.open(io.BytesIO(data), formats=formats()) as opened:
        width, height = opened.size
        if least is not None:
            opened.draft(None, (least, least))
        opened.load()
        decoded_size = opened.size
        upright = _upright(opened)
    turned = upright.size != decoded_size
    size = (height, width) if turned else (width, height)
    return with_channels(_eight_bits(upright), channels, background), size


def with_channels(image: Image.Image, channels: int, background: RGB) -> Image.Image:
    """Return an 8-bit `image` in mode L, RGB or RGBA for 1, 3 or 4 channels.

    Pixels that cannot be seen at all take the colour of `background`: what hides under full transparency is chance, and
    a network would learn it.
    """
    if not image.has_transparency_data:
        return image.convert(_MODES[channels])
    rgba = image.convert("RGBA")
    if channels == 4:
        invisible = rgba.getchannel("A").point(lambda alpha: 255 if alpha == 0 else 0)
        rgba.paste((*background, 0), mask=invisible)
        return rgba
    behind = Image.new("RGBA", rgba.size, (*background, 255))
    return Image.alpha_composite(behind, rgba).convert(_MODES[channels])


def reason(error: Exception) -> str:
    """Return in a user's words why a file could not be read."""
    match error:
        case UnidentifiedImageError():
            return "its content is no picture of a format that can be read (of a telephone's HEIC, save a JPEG copy)"
        case Image.DecompressionBombError():
            return f"it has more pixels than is safe to decode (at most {2 * (Image.MAX_IMAGE_PIXELS or 0):,})"
        case MemoryError():
            return "it does not fit into memory"
        case _:
            return str(error) or type(error).__name__


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block raises nearly anything, and the pixels are fine without it
        return image.copy()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return `image` in a mode of 8 bits a channel."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_scaled(np.asarray(image)))
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
        assert converted is not None
        return converted
    return image


def _scaled(values: np.ndarray) -> np.ndarray:
    """Scale to uint8: floats from 0…1 and integers from 0…65535, or from 0 to their own maximum if that is more."""
    whole = 1 if np.issubdtype(values.dtype, np.floating) else 65535
    values = np.nan_to_num(values.astype(np.float64), nan=0, posinf=0, neginf=0)
    top = max(whole, values.max(initial=0))
    return np.clip(np.rint(values * (255 / top)), 0, 255).astype(np.uint8)
