"""Decoding of picture files into upright sRGB pictures with 1, 3 or 4 channels of 8 bits."""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, JpegImagePlugin, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from ganart.datasets.reading.colour import to_srgb
from ganart.datasets.reading.kinds import looks_like_picture
from ganart.datasets.reading.settings import RGB
from ganart.grids import is_sheet

MAX_PIXELS = 178_956_970
"""Pillow's own limit; pictures decoded at more pixels are refused unless `dataset.max_pixels` allows it."""

BYTES_PER_PIXEL = 8
"""Memory needed while a picture is decoded and converted."""

DARK = (
    "its 16-bit values use the lowest 12 bits or fewer and come out nearly black; scale them to the full range if they "
    "are not meant to be"
)

_WANTED = (
    *("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "DIB", "TIFF", "TGA", "PPM", "JPEG2000", "AVIF"),
    *("ICO", "PCX", "QOI", "DDS", "PSD", "HEIF"),
)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_ON_ITS_SIDE = (5, 6, 7, 8)
"""EXIF orientations of pictures stored on their side."""

_TOLD_BY = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp", b"Raw profile type xmp")
"""Markers in a PNG that may declare an orientation."""


class TooManyPixelsError(ValueError):
    """A picture has more pixels than `dataset.max_pixels`."""

    def __init__(self, pixels: int) -> None:
        super().__init__(
            f"it has to be decoded at {pixels:,} pixels, which is refused unasked; if you trust the file: "
            f"dataset.max_pixels={pixels}"
        )


def formats() -> tuple[str, ...]:
    """Return the formats that may be opened. Others are excluded on purpose: EPS would start another program."""
    Image.init()
    return tuple(name for name in _WANTED if name in Image.OPEN)


@dataclass(frozen=True)
class Opened:
    """A picture identified but not decoded: its (width, height) in the file, and the pixels to decode.

    The size is that before the picture is turned upright; see `upright_size`.
    """

    image: ImageFile
    size: tuple[int, int]
    pixels: int

    @property
    def num_bytes(self) -> int:
        """Estimate of the memory needed to decode it."""
        return BYTES_PER_PIXEL * self.pixels


@dataclass(frozen=True)
class Decoded:
    """A picture in mode L, RGB or RGBA, its upright (width, height) in the file, and remarks for the user."""

    image: Image.Image
    size: tuple[int, int]
    remarks: tuple[str, ...] = ()


def open_picture(data: bytes, least: int | None = None, max_pixels: int = MAX_PIXELS) -> Opened:
    """Open a picture without decoding it.

    Args:
        data: the bytes of the file.
        least: a JPEG may be decoded at a half, quarter or eighth of its size (much faster) as long as both sides have
            at least this many pixels; None decodes at full size.
        max_pixels: pictures decoded at more pixels are refused.

    Raises:
        TooManyPixelsError: if it is refused.
        ValueError: if it is empty, or one of ganart's own sheets.
        Exception: any error of Pillow for a damaged file; `reason` puts it into words.
    """
    if not data:
        raise ValueError("the file is empty")
    opened = _identified(data)
    if is_sheet(opened):
        raise ValueError("it is a sheet of pictures that ganart has made, and no picture")
    size = opened.size
    if least is not None:
        opened.draft(None, (least, least))
    # A progressive JPEG is held in memory at full size, even if it is decoded at a smaller one.
    width, height = size if opened.info.get("progressive") else opened.size
    if width * height > max_pixels:
        raise TooManyPixelsError(width * height)
    return Opened(opened, size, width * height)


def decode(opened: Opened, channels: int, background: RGB) -> Decoded:
    """Decode the first frame to sRGB, turned upright according to EXIF.

    Args:
        opened: by `open_picture`.
        channels: 1 grey, 3 RGB, 4 RGBA; with 1 and 3 transparent areas show `background`.
        background: RGB, 0…255.

    Raises:
        Exception: any error of the decoder for a damaged file; `reason` puts it into words.
    """
    image, (width, height) = opened.image, opened.size
    deep, white = _is_deep(image), _white_of(image)
    image.load()
    on_its_side = _is_on_its_side(image)
    with suppress(Exception):  # a damaged EXIF block raises almost any error; the pixels are still good
        ImageOps.exif_transpose(image, in_place=True)
    eight_bits = _eight_bits(image, white)
    eight_bits.info.setdefault("icc_profile", image.info.get("icc_profile"))
    in_srgb, of_colours = to_srgb(eight_bits)
    remarks = (of_colours, DARK if deep and _is_nearly_black(eight_bits) else None)
    return Decoded(
        with_channels(in_srgb, channels, background),
        (height, width) if on_its_side else (width, height),
        tuple(remark for remark in remarks if remark),
    )


def upright_size(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Return the (width, height) of the picture file `data` after it is turned upright.

    Nothing is decoded, except a PNG that may declare an orientation, since it can do so at its end.

    Raises:
        Exception: as `open_picture` does.
    """
    with (opened := open_picture(data, max_pixels=max_pixels)).image as image:
        width, height = opened.size
        silent = image.format == "PNG" and not any(mark in data for mark in _TOLD_BY)
        return (height, width) if not silent and _is_on_its_side(image) else (width, height)


def _is_on_its_side(image: ImageFile) -> bool:
    """Return whether turning `image` upright swaps width and height; Pillow reports a TIFF's size already turned."""
    with suppress(Exception):  # a damaged EXIF block raises almost any error
        return image.format != "TIFF" and image.getexif().get(ExifTags.Base.Orientation) in _ON_ITS_SIDE
    return False


@contextmanager
def pillow_limit(max_pixels: int) -> Iterator[None]:
    """Set Pillow's own limit to `max_pixels`, which also covers frames inside a file.

    Pillow's warnings are silenced meanwhile: odd EXIF blocks and large scans are common, and unreadable files raise.
    """
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels // 2  # Pillow refuses more than twice its limit
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def with_channels(image: Image.Image, channels: int, background: RGB) -> Image.Image:
    """Return an 8-bit `image` in mode L, RGB or RGBA for 1, 3 or 4 channels.

    Fully transparent pixels get the colour of `background`: their hidden colour is arbitrary, and a network would learn
    it.
    """
    if not image.has_transparency_data:
        return image if image.mode == _MODES[channels] else image.convert(_MODES[channels])
    rgba = image.convert("RGBA")
    if channels == 4:
        invisible = rgba.getchannel("A").point(lambda alpha: 255 if alpha == 0 else 0)
        rgba.paste((*background, 0), mask=invisible)
        return rgba
    behind = Image.new("RGBA", rgba.size, (*background, 255))
    return Image.alpha_composite(behind, rgba).convert(_MODES[channels])


def reason(error: Exception, data: bytes = b"") -> str:
    """Return, for users, the reason why a file that begins with `data` could not be read."""
    match error:
        case UnidentifiedImageError() if looks_like_picture(data[:64]):
            return (
                "this machine has no decoder for its format, or it is damaged (of a telephone's HEIC, save a JPEG copy)"
            )
        case UnidentifiedImageError():
            return "its content is no picture of a format that can be read"
        case TooManyPixelsError():
            return str(error)
        case Image.DecompressionBombError():
            found = re.search(r"\d+", str(error))
            return str(TooManyPixelsError(int(found.group()))) if found else str(error)
        case MemoryError():
            return "it does not fit into memory"
        case OSError(strerror=str(problem)):  # without the path, since reports are published
            return problem
        case _:
            return str(error) or type(error).__name__


def is_temporary(error: Exception, data: bytes = b"") -> bool:
    """Return whether the file may be readable later: the cause was disk, permissions, memory or a missing decoder."""
    if isinstance(error, UnidentifiedImageError):
        return looks_like_picture(data[:64])
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None)


def _identified(data: bytes) -> ImageFile:
    """Open a picture; a JPEG without Pillow's own limit, which also counts pixels that are not decoded."""
    if not data.startswith(b"\xff\xd8\xff"):
        return Image.open(io.BytesIO(data), formats=formats())
    try:
        return JpegImagePlugin.jpeg_factory(io.BytesIO(data))
    except (SyntaxError, IndexError, TypeError, KeyError, EOFError, struct.error) as error:
        raise UnidentifiedImageError("a JPEG that is damaged at its beginning") from error


def _is_deep(image: ImageFile) -> bool:
    """Return whether the file has 16 bits per channel."""
    modes = [tile[3][0] if isinstance(tile[3], tuple) else tile[3] for tile in image.tile]
    return image.mode.startswith("I;16") or any(isinstance(mode, str) and "16" in mode for mode in modes)


def _white_of(image: ImageFile) -> int:
    """Return the value of white in a file of more than 8 bits: some have 10, 12 or 14 bits stored unscaled."""
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(258, 16)
    white = tags.get(281, 65535)
    bits, white = (value[0] if isinstance(value, tuple) else value for value in (bits, white))
    whites = [2**count - 1 for count in range(9, 16)]
    return 2**bits - 1 if 8 < bits < 16 else white if white in whites else 65535


def _is_nearly_black(image: Image.Image) -> bool:
    extrema = image.convert("L").getextrema()
    return 0 < extrema[1] <= 16  # type: ignore[operator]


def _eight_bits(image: Image.Image, white: int) -> Image.Image:
    """Return `image` in a mode of 8 bits per channel; `white` is the value of white in 16-bit integers."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_scaled(np.asarray(image), white))
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
        assert converted is not None
        converted.info.pop("icc_profile", None)
        return converted
    return image


def _scaled(values: np.ndarray, white: int) -> np.ndarray:
    """Scale to uint8: floats from 0…1, integers from 0…`white`; from 0 to their own maximum if that is larger."""
    whole = 1 if np.issubdtype(values.dtype, np.floating) else white
    values = np.nan_to_num(values.astype(np.float64), nan=0, posinf=0, neginf=0)
    top = max(whole, values.max(initial=0))
    return np.clip(np.rint(values * (255 / top)), 0, 255).astype(np.uint8)
