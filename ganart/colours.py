"""Colours of pictures: the weights of luminance, and transparent pixels over a background."""

from __future__ import annotations

from typing import Any

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in luminance: ITU-R BT.601, section 2.5.1."""


def over(pictures: Any, background: Any) -> Any:
    """Lay RGBA pictures over `background`, rounded to whole values.

    Args:
        pictures: uint8 [N, H, W, 4] of numpy or of torch.
        background: int32 of the same library, of four dimensions that broadcast to [N, H, W, 3], from 0 to 255.

    Returns:
        int32 [N, H, W, 3] from 0 to 255.
    """
    colours, alpha = pictures[..., :3], pictures[..., 3:]
    return (255 * background + (colours - background) * alpha + 127) // 255
