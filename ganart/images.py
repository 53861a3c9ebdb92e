"""Conversions of stored images, uint8 [N, H, W, C]: to the model, float [N, C, H, W] in [−1, 1], to RGB and to grey."""

import numpy as np
import torch
from torch import Tensor

from ganart.colours import LUMA, over


def to_model(images: Tensor, *, channels_last: bool = False) -> Tensor:
    """Turn uint8 [N, H, W, C] into float32 [N, C, H, W] in [−1, 1] on its device; keep the values of floats."""
    if images.is_floating_point():
        return images.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    floats = images.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)
    return floats if channels_last else floats.contiguous()


def to_uint8(images: Tensor) -> Tensor:
    """Turn float [N, C, H, W] in [−1, 1] into uint8 [N, H, W, C], rounded and clipped."""
    return images.permute(0, 2, 3, 1).float().add(1.0).mul(127.5).round_().clamp_(0, 255).to(torch.uint8).contiguous()


def as_rgb(pictures: Tensor) -> Tensor:
    """Turn uint8 [N, H, W, 1|3|4] into [N, H, W, 3]: grey three times; RGBA over white."""
    channels = pictures.shape[3]
    if channels == 1:
        return pictures.expand(-1, -1, -1, 3)
    if channels == 4:
        white = torch.full((1, 1, 1, 1), 255, dtype=torch.int32, device=pictures.device)
        return over(pictures, white).to(torch.uint8)
    return pictures


def as_grey(pictures: np.ndarray) -> Tensor:
    """Turn uint8 [N, H, W, 1|3|4] into luminance in [0, 1], float32 [N, H, W]; transparency lies on white."""
    floats = torch.from_numpy(pictures.astype(np.float32)) / 255
    if floats.shape[3] == 1:
        return floats[..., 0]
    grey = floats[..., :3] @ torch.tensor(LUMA)
    return grey * floats[..., 3] + 1 - floats[..., 3] if floats.shape[3] == 4 else grey


def area_means(
    pixels: int, cells: int, *, begin: float = 0.0, length: float | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return the matrix [cells, pixels] that takes means over equal stretches of a line of pixels.

    Args:
        pixels: number of pixels of the line.
        cells: number of stretches.
        begin: start of the first stretch, in pixels.
        length: length of all stretches together, in pixels; None for the whole line.
        dtype: type of the computation and of the result.
    """
    length = float(pixels) if length is None else length
    edges = torch.linspace(begin, begin + length, cells + 1, dtype=dtype)
    left = torch.arange(pixels, dtype=dtype)
    covered = torch.minimum(edges[1:, None], left + 1) - torch.maximum(edges[:-1, None], left)
    return covered.clamp(min=0) / (length / cells)
