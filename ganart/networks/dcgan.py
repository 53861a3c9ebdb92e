"""DCGAN: Radford, Metz and Chintala 2015, "Unsupervised Representation Learning with DCGANs" (arXiv:1511.06434).

All-convolutional players, 4×4 kernels with stride 2 (5×5 in the paper; later work has 4×4, whose even overlap avoids
checkerboards), batch normalization in the generator and, optionally, in all layers of the discriminator but the first;
weights from N(0, 0.02²).

| picture | start | channels from the start up, start_channels=256 |
|---------|-------|------------------------------------------------|
| 28×28   | 7×7   | 256, 128 → picture                             |
| 32×32   | 4×4   | 256, 128, 64 → picture                         |
| 64×64   | 4×4   | 256, 128, 64, 32 → picture (paper: start_channels=1024) |
| 48×64   | 6×8   | 256, 128, 64 → picture                         |
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

Layer = TypeVar("Layer", nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def _normal(layer: Layer) -> Layer:
    nn.init.normal_(layer.weight, 0.0, 0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _normalization(channels: int, batch_norm: bool) -> nn.Module:
    if not batch_norm:
        return nn.Identity()
    layer = nn.BatchNorm2d(channels)
    nn.init.normal_(layer.weight, 1.0, 0.02)
    return layer


class Generator(base.Generator):
    """Latents [N, latent_dim] → dense start → transposed convolutions → images [N, C, H, W] in [−1, 1]."""

    def __init__(
        self,
        *,
        latent_dim: int,
        height: int,
        width: int,
        channels: int,
        start_channels: int,
        min_channels: int,
        batch_norm: bool,
        embedding_dim: int,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        plan = pyramid(height, width, start_channels, min_channels)
        self.start_shape = (plan.channels[0], *plan.start)
        self.condition = condition_latents(latent_dim, label_sizes, embedding_dim)
        self.start = _normal(nn.Linear(self.condition.out_features, plan.start_features, bias=not batch_norm))
        self.start_norm = _normalization(plan.channels[0], batch_norm)
        self.stages = nn.ModuleList(
            nn.Sequential(
                _normal(nn.ConvTranspose2d(below, above, 4, stride=2, padding=1, bias=not batch_norm)),
                _normalization(above, batch_norm),
                nn.ReLU(inplace=True),
            )
            for below, above in plan.upwards()
        )
        self.to_image = _normal(nn.ConvTranspose2d(plan.channels[-1], channels, 4, stride=2, padding=1))

    def mapping(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.condition(latents, labels)

    def synthesis(self, code: Tensor) -> Tensor:
        x = self.start(code).view(-1, *self.start_shape)  # [N, C₀, H₀, W₀]
        x = torch.relu(self.start_norm(x))
        for stage in self.stages:  # each doubles height and width
            x = stage(x)
        return torch.tanh(self.to_image(x))


class Discriminator(nn.Module):
    """Images [N, C, H, W] → strided convolutions down to the generator's start → logits [N]."""

    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        start_channels: int,
        min_channels: int,
        batch_norm: bool,
        head: HeadOf = Projection,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        plan = pyramid(height, width, start_channels, min_channels)
        self.from_image = _normal(nn.Conv2d(channels, plan.channels[-1], 4, stride=2, padding=1))
        self.stages = nn.ModuleList(
            nn.Sequential(
                _normal(nn.Conv2d(above, below, 4, stride=2, padding=1, bias=not batch_norm)),
                _normalization(below, batch_norm),
                nn.LeakyReLU(0.2, inplace=True),
            )
            for above, below in plan.downwards()
        )
        self.head = head(_normal(nn.Linear(plan.start_features, 1)), plan.start_features, label_sizes)

    def forward(self, images: Tensor, labels: Tensor) -> DiscriminatorOutput:
        features = [nn.functional.leaky_relu(self.from_image(images), 0.2)]
        for stage in self.stages:  # each halves height and width
            features.append(stage(features[-1]))
        return self.head(features[-1].flatten(1), labels)._replace(features=tuple(features))
