"""Resize-convolution players: Odena, Dumoulin and Olah 2016, "Deconvolution and Checkerboard Artifacts" (Distill).

The generator doubles with nearest-neighbour upsampling and a 3×3 convolution instead of a transposed convolution, so
that kernels overlap evenly; the discriminator has strided 4×4 convolutions without normalization, as gradient penalties
require. Initialisation as He et al. 2015 (arXiv:1502.01852) for (leaky) rectifiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from ganart.layers.conditioning import condition_latents
from ganart.layers.heads.base import HeadOf
from ganart.layers.heads.projection import Projection
from ganart.layers.pyramid import pyramid
from ganart.networks import base
from ganart.play import DiscriminatorOutput

_SLOPE = 0.2


Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


def _he(layer: Layer, slope: float = _SLOPE) -> Layer:
    nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity="leaky_relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Generator(base.Generator):
    """Latents [N, latent_dim] → dense start → (double, 3×3 convolution, batch norm, ReLU) → images in [−1, 1]."""

    def __init__(
        self,
        *,
        latent_dim: int,
        height: int,
        width: int,
        channels: int,
        start_channels: int,
        min_channels: int,
        embedding_dim: int,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        plan = pyramid(height, width, start_channels, min_channels)
        self.start_shape = (plan.channels[0], *plan.start)
        self.condition = condition_latents(latent_dim, label_sizes, embedding_dim)
        self.start = _he(nn.Linear(self.condition.out_features, plan.start_features))
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=2, mode="nearest"),
                _he(nn.Conv2d(below, above, 3, padding=1, bias=False), slope=0.0),
                nn.BatchNorm2d(above),
                nn.ReLU(inplace=True),
            )
            for below, above in zip(plan.channels, (*plan.channels[1:], plan.channels[-1]), strict=True)
        )
        self.to_image = _he(nn.Conv2d(plan.channels[-1], channels, 3, padding=1), slope=1.0)

    def mapping(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.condition(latents, labels)

    def synthesis(self, code: Tensor) -> Tensor:
        x = self.start(code).view(-1, *self.start_shape)  # [N, C₀, H₀, W₀]
        for stage in self.stages:  # each doubles height and width
            x = stage(x)
        return torch.tanh(self.to_image(x))


class Discriminator(nn.Module):
    """Images [N, C, H, W] → (4×4 convolution of stride 2, LeakyReLU) down to the start → logits [N]."""

    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        start_channels: int,
        min_channels: int,
        head: HeadOf = Projection,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        plan = pyramid(height, width, start_channels, min_channels)
        widths = [(channels, plan.channels[-1]), *plan.downwards()]
        self.stages = nn.ModuleList(_he(nn.Conv2d(above, below, 4, stride=2, padding=1)) for above, below in widths)
        self.head = head(_he(nn.Linear(plan.start_features, 1), 1.0), plan.start_features, label_sizes)

    def forward(self, images: Tensor, labels: Tensor) -> DiscriminatorOutput:
        features = [images]
        for stage in self.stages:  # each halves height and width
            features.append(nn.functional.leaky_relu(stage(features[-1]), _SLOPE))
        return self.head(features[-1].flatten(1), labels)._replace(features=tuple(features[1:]))
