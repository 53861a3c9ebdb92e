"""A discriminator on frozen features: Sauer et al. 2021, "Projected GANs Converge Faster" (arXiv:2111.01007).

One small head on each stage of a frozen backbone, with losses summed over heads (eq. 2). The paper has pretrained
features, mixed over channels and scales at random (section 3.2); the backbone here, `RandomStages`, is untrained
convolutions with He initialisation from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganart.layers.conditioning import LabelEmbedding
from ganart.layers.frozen import Frozen
from ganart.play import DiscriminatorOutput
from ganart.ranges import refuse_unless_count


class RandomStages(nn.Module):
    """Images [N, C, H, W] → activations of each stage of `widths` channels, each half the size of the one before.

    The weights are a function of `seed` alone.
    """

    def __init__(self, *, channels: int, widths: Sequence[int], seed: int = 0) -> None:
        super().__init__()
        self.widths = list(widths)
        generator = torch.Generator().manual_seed(seed)
        stages = [
            nn.Conv2d(above, below, 3, stride=2, padding=1) for above, below in pairwise([channels, *self.widths])
        ]
        self.stages = nn.ModuleList(stages)
        for stage in stages:
            assert stage.bias is not None
            nn.init.kaiming_normal_(stage.weight, a=0.2, nonlinearity="leaky_relu", generator=generator)
            nn.init.zeros_(stage.bias)

    def forward(self, images: Tensor) -> list[Tensor]:
        activations = [images]
        for stage in self.stages:
            activations.append(nn.functional.leaky_relu(stage(activations[-1]), 0.2))
        return activations[1:]


class Discriminator(nn.Module):
    """Images [N, C, H, W] → a frozen backbone → one head of logits [N, h, w] for each of its stages.

    A head is a 3×3 convolution, a LeakyReLU and a 1×1 convolution to one logit per place; labels add ⟨features,
    embedding⟩ (Miyato and Koyama 2018, arXiv:1802.05637, eq. 3).

    Args:
        height: of the images; unused, like `width`, but every discriminator has the same arguments.
        width: of the images.
        channels: of the images.
        widths: channels of each stage of the backbone.
        head_channels: channels inside a head.
        seed: of the backbone's weights.
        label_sizes: number of classes of each factor.
    """

    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        widths: Sequence[int],
        head_channels: int,
        seed: int = 0,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        refuse_unless_count("head_channels", head_channels)
        for channel_count in widths:
            refuse_unless_count("widths", channel_count)
        self.features = Frozen(RandomStages(channels=channels, widths=widths, seed=seed))
        self.inner = nn.ModuleList(nn.Conv2d(size, head_channels, 3, padding=1) for size in widths)
        self.to_logits = nn.ModuleList(nn.Conv2d(head_channels, 1, 1) for _ in widths)
        self.embedding = LabelEmbedding(label_sizes, head_channels)

    def forward(self, images: Tensor, labels: Tensor) -> DiscriminatorOutput:
        activations = self.features(images)
        pieces = zip(activations, self.inner, self.to_logits, strict=True)
        return DiscriminatorOutput(tuple(self._logits(*piece, labels) for piece in pieces), activations)

    def _logits(self, activation: Tensor, inner: nn.Module, to_logits: nn.Module, labels: Tensor) -> Tensor:
        hidden = nn.functional.leaky_relu(inner(activation), 0.2)
        with torch.autocast(hidden.device.type, enabled=False):
            hidden = hidden.to(next(to_logits.parameters()).dtype)
            logits = to_logits(hidden).squeeze(1)  # [N, h, w]
            if self.embedding.sizes:
                vectors = self.embedding(labels)[:, :, None, None]
                logits = logits + (hidden * vectors).sum(1) / hidden.shape[1] ** 0.5
        return logits
