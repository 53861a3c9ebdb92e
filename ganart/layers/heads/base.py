"""The interface of discriminator heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ganart.play import DiscriminatorOutput


class Head(nn.Module):
    """Features [N, dim] and label weights [N, ΣK] → `DiscriminatorOutput`, in float32 also under autocast.

    Losses of differences of logits let all logits drift together: around 300, bfloat16 has steps of 2, and the
    discriminator's gradient is wrong by 20 %. StyleGAN2 and R3GAN keep their last block in float32 too.

    Args of a subclass: `linear`, the initialised layer from features to one logit; `dim`; `label_sizes`.
    """

    def forward(self, features: Tensor, labels: Tensor) -> DiscriminatorOutput:
        with torch.autocast(features.device.type, enabled=False):
            return self.output(features.to(next(self.parameters()).dtype), labels)

    def output(self, features: Tensor, labels: Tensor) -> DiscriminatorOutput:
        """Return logits [N], and class logits where the head has them, from features [N, dim]."""
        raise NotImplementedError


HeadOf = Callable[[nn.Module, int, Sequence[int]], Head]
"""A constructor of heads, from the layer to one logit, the number of features, and the numbers of classes."""
