"""Conversion of pictures with embedded colour profiles to sRGB, which screens and networks assume."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

CONVERTED = "colours converted from {} to sRGB"
UNUSABLE = "its embedded colour profile {}, so its colours are taken as they are"

_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""Pillow's mode by colour space of the profile."""

_ROUNDING = 2
"""Two profiles that differ by at most this in every colour (of 255) count as equal: sRGB is written in many ways."""


def to_srgb(image: Image.Image) -> tuple[Image.Image, str | None]:
    """Convert an 8-bit `image` to sRGB according to its embedded profile; return it with a remark or None.

    Transparency is kept. A grey picture with a grey profile becomes RGB. Nothing is done without a profile or with
    sRGB's, nor, with a remark, for a profile that is damaged or does not fit the picture.
    """
    profile = image.info.get("icc_profile")
    if not profile or not isinstance(profile, bytes):
        return image, None
    try:
        space, name, is_srgb = _known(profile)
    except Exception:  # damaged profiles raise almost any error
        return image, UNUSABLE.format("is damaged")
    if is_srgb:
        return image, None
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    plain = _without_alpha(image)
    wanted = _MODES.get(space)
    if wanted == "RGB" and plain.mode == "L":
        plain = plain.convert("RGB")
    if plain.mode != wanted:
        return image, UNUSABLE.format(f"is for {space.strip() or 'unknown'} and not for {plain.mode} pictures")
    try:
        converted = ImageCms.applyTransform(plain, _transform(profile, wanted))
    except Exception:
        return image, UNUSABLE.format("is damaged")
    assert converted is not None
    if alpha is not None:
        converted.putalpha(alpha)
    return converted, CONVERTED.format(name)


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    return image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")


@lru_cache(maxsize=64)
def _known(profile: bytes) -> tuple[str, str, bool]:
    """Return the colour space of a profile, its name, and whether it is sRGB."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = str(opened.profile.xcolor_space)
    name = (opened.profile.profile_description or "its own colours").strip()[:60]
    if space not in ("RGB ", "GRAY"):
        return space, name, False
    probe = _probe(space)
    converted = ImageCms.applyTransform(probe, _transform(profile, probe.mode))
    difference = np.asarray(converted, dtype=int) - np.asarray(probe.convert("RGB"), dtype=int)
    return space, name, bool(np.abs(difference).max() <= _ROUNDING)


def _probe(space: str) -> Image.Image:
    """Return a picture of colours from the whole RGB cube, or of all greys."""
    if space == "GRAY":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.fromarray(np.ascontiguousarray(cube.reshape(1, -1, 3)))


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
