"""Batch normalization conditioned on labels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ConditionalBatchNorm(nn.Module):
    """Batch normalization of [N, C, H, W] with gain and bias from label weights [N, ΣK]; without labels, the usual one.

    Dumoulin et al. 2017, "A Learned Representation For Artistic Style" (arXiv:1610.07629), eq. 5: one gain and one bias
    per class and channel. Gains are kept as differences from 1, so an unknown label, of weight zero, means gain 1. Both
    begin as N(0, 0.02²), so that labels count from the first round.
    """

    def __init__(self, channels: int, label_sizes: Sequence[int]) -> None:
        super().__init__()
        classes = sum(label_sizes)
        self.norm = nn.BatchNorm2d(channels, affine=not classes)
        self.gain, self.bias = (
            nn.Parameter(0.02 * torch.randn(classes, channels)) if classes else None for _ in range(2)
        )

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        x = self.norm(x)
        if self.gain is None or self.bias is None:
            return x
        gain, bias = ((labels.to(table.dtype) @ table)[:, :, None, None] for table in (self.gain, self.bias))
        return x * (1 + gain) + bias
