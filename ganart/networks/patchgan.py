"""PatchGAN: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks" (arXiv:1611.07004).

The discriminator classifies overlapping patches instead of whole images, hence texture more than composition. Section
6.1.2 has three strided convolutions (patches of 70×70) for 256×256 images; fewer `layers` give smaller patches.

| layers | patch | smallest picture |
|--------|-------|------------------|
| 1      | 16×16 | 6                |
| 2      | 34×34 | 12               |
| 3      | 70×70 | 24               |
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.layers.conditioning import LabelEmbedding
from ganart.play import DiscriminatorOutput
from ganart.ranges import refuse_unless_count


class Discriminator(nn.Module):
    """Images [N, C, H, W] → 4×4 convolutions, all but the last two of stride 2 → logits [N, h, w], one per patch.

    Weights from N(0, 0.02²), as in the paper. `batch_norm` is the paper's; without it gradient penalties are those of
    single samples. Labels add ⟨features of the patch, embedding of the labels⟩ to its logit (Miyato and Koyama 2018,
    arXiv:1802.05637, eq. 3).
    """

    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        start_channels: int,
        layers: int,
        batch_norm: bool,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        refuse_unless_count("start_channels", start_channels)
        refuse_unless_count("layers", layers)
        if (least := 3 * 2**layers) > min(height, width):
            raise UserError(
                f"{layers} layers need pictures of {least} pixels at least, and these are {height}×{width}. "
                f"Try architecture.discriminator.layers={max(1, layers - 1)}."
            )
        widths = [channels, *(start_channels * min(2**level, 8) for level in range(layers + 1))]
        self.stages = nn.ModuleList()
        for level, (above, below) in enumerate(pairwise(widths)):
            normalized = batch_norm and level > 0
            self.stages.append(
                nn.Sequential(
                    nn.Conv2d(above, below, 4, stride=2 if level < layers else 1, padding=1, bias=not normalized),
                    nn.BatchNorm2d(below) if normalized else nn.Identity(),
                    nn.LeakyReLU(0.2, inplace=True),
                )
            )
        self.to_logits = nn.Conv2d(widths[-1], 1, 4, padding=1)
        self.embedding = LabelEmbedding(label_sizes, widths[-1])
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0.0, 0.02)

    def forward(self, images: Tensor, labels: Tensor) -> DiscriminatorOutput:
        features = [images]
        for stage in self.stages:
            features.append(stage(features[-1]))
        with torch.autocast(images.device.type, enabled=False):
            last = features[-1].to(self.to_logits.weight.dtype)
            logits = self.to_logits(last).squeeze(1)  # [N, h, w]
            if self.embedding.sizes:
                vectors = self.embedding(labels)[:, :, None, None]
                projected = (last * vectors).sum(1, keepdim=True) / last.shape[1] ** 0.5
                logits = logits + nn.functional.avg_pool2d(projected, 2, stride=1).squeeze(1)
        return DiscriminatorOutput((logits,), tuple(features[1:]))
