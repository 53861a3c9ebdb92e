"""Conversions between stored images, uint8 [N, H, W, C], and the model's, float [N, C, H, W] in [−1, 1]."""

import torch
from torch import Tensor


def to_model(images: Tensor, *, channels_last: bool = False) -> Tensor:
    """Turn uint8 [N, H, W, C] into float32 [N, C, H, W] in [−1, 1] on its device; keep the values of floats."""
    if images.is_floating_point():
        return images.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    floats = images.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)
    return floats if channels_last else floats.contiguous()


def to_uint8(images: Tensor) -> Tensor:
    """Turn float [N, C, H, W] in [−1, 1] into uint8 [N, H, W, C], rounded and clipped."""
    return images.permute(0, 2, 3, 1).float().add(1.0).mul(127.5).round_().clamp_(0, 255).to(torch.uint8).contiguous()
