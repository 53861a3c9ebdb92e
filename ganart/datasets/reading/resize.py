"""Resizing of pictures of any size and aspect ratio to the size of the network."""

from __future__ import annotations

from PIL import Image

from ganart.datasets.reading.settings import RGB

WAYS = ("crop", "pad", "stretch")
"""crop: fill the size and cut the overhang; pad: keep everything, with borders; stretch: ignore the aspect ratio."""


def fit(
    image: Image.Image, width: int, height: int, way: str, resampling: Image.Resampling, background: RGB
) -> Image.Image:
    """Return `image` (mode L, RGB or RGBA) at exactly `width` × `height` pixels.

    `way` is one of `WAYS`. The borders of `pad` are `background`, and transparent in an RGBA picture.
    """
    if way == "pad":
        return _pad(image, width, height, resampling, background)
    box = _centre(image.size, width, height) if way == "crop" else (0, 0, *image.size)
    return image.resize((width, height), resampling, box=box)


def _centre(size: tuple[int, int], width: int, height: int) -> tuple[int, int, int, int]:
    """Return the largest centred box of the aspect ratio `width`:`height`, on whole pixels so that nothing blurs."""
    scale = min(size[0] / width, size[1] / height)
    across = min(size[0], max(1, round(width * scale)))
    down = min(size[1], max(1, round(height * scale)))
    left, top = (size[0] - across) // 2, (size[1] - down) // 2
    return left, top, left + across, top + down


def _pad(image: Image.Image, width: int, height: int, resampling: Image.Resampling, background: RGB) -> Image.Image:
    scale = min(width / image.width, height / image.height)
    across = min(width, max(1, round(image.width * scale)))
    down = min(height, max(1, round(image.height * scale)))
    padded = Image.new(image.mode, (width, height), border(image.mode, background))
    padded.paste(image.resize((across, down), resampling), ((width - across) // 2, (height - down) // 2))
    return padded


def border(mode: str, background: RGB) -> int | tuple[int, ...]:
    """Return the fill of a border in a picture of `mode`: the luma of `background` in L, transparent in RGBA."""
    if mode == "L":
        pixel = Image.new("RGB", (1, 1), background).convert("L").getpixel((0, 0))
        assert isinstance(pixel, int)
        return pixel
    return (*background, 0) if mode == "RGBA" else background
