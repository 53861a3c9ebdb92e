"""The residual players: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks".

arXiv:1802.05957, appendix B.4, table 4: residual blocks with nearest-neighbour doubling and average pooling,
sums over places at the end, spectral normalization in every layer of the discriminator. Labels enter through
conditional batch normalization in the generator and projection in the discriminator (Miyato and Koyama 2018,
arXiv:1802.05637). Without spectral normalization it is the network of WGAN-GP (Gulrajani et al. 2017,
arXiv:1704.00028), which came first.

| images  | generator: min, max channels | discriminator: min, max channels, flat blocks |
|---------|------------------------------|-----------------------------------------------|
| 32×32   | 256, 256                     | 128, 128, 2                                   |
| 64×64   | 64, 1024                     | 64, 1024, 0                                   |
| 128×128 | 64, 1024                     | 64, 1024, 1                                   |
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu

from ganart.errors import UserError
from ganart.layers.heads.base import HeadOf
from ganart.layers.heads.projection import Projection
from ganart.layers.normalization import ConditionalBatchNorm
from ganart.layers.pyramid import pyramid
from ganart.layers.spectral import normalize_spectra
from ganart.networks import base
from ganart.play import DiscriminatorOutput
from ganart.ranges import is_number, refuse_unless_count

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


def _glorot(layer: Layer, gain: float = 1.0) -> Layer:
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _conv3(inputs: int, outputs: int) -> nn.Conv2d:
    return _glorot(nn.Conv2d(inputs, outputs, 3, padding=1), math.sqrt(2))


def _conv1(inputs: int, outputs: int) -> nn.Conv2d:
    return _glorot(nn.Conv2d(inputs, outputs, 1))


def _double(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="nearest")


def channels_of(levels: int, min_channels: int, max_channels: int) -> list[int]:
    """Return the channels of `levels` levels from the image on: doubled at each, from `min_channels` to `max_channels`.

    Raises:
        UserError: if they are not whole numbers of at least 1, or `max_channels` is the smaller one.
    """
    refuse_unless_count("min_channels", min_channels)
    refuse_unless_count("max_channels", max_channels)
    if max_channels < min_channels:
        raise UserError(
            f"max_channels={max_channels} is less than min_channels={min_channels}, the channels beside the image. "
            f"Use max_channels={min_channels} or more."
        )
    return [min(min_channels << level, max_channels) for level in range(levels)]


class UpBlock(nn.Module):
    """Norm → ReLU → double → 3×3 → norm → ReLU → 3×3, beside double → 1×1: [N, C, H, W] → [N, C', 2H, 2W]."""

    def __init__(self, inputs: int, outputs: int, label_sizes: Sequence[int]) -> None:
        super().__init__()
        self.norm1, self.norm2 = ConditionalBatchNorm(inputs, label_sizes), ConditionalBatchNorm(outputs, label_sizes)
        self.conv1, self.conv2 = _conv3(inputs, outputs), _conv3(outputs, outputs)
        self.shortcut = _conv1(inputs, outputs)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        residual = self.conv1(_double(relu(self.norm1(x, labels))))
        residual = self.conv2(relu(self.norm2(residual, labels)))
        return residual + _double(self.shortcut(x))  # a 1×1 convolution commutes with doubling, and is cheaper before


class DownBlock(nn.Module):
    """ReLU → 3×3 → ReLU → 3×3 → halve, beside 1×1 → halve: [N, C, H, W] → [N, C', H/2, W/2].

    The first block sees the image itself, without a ReLU before it. A flat block does not halve; if its channels stay
    the same, its shortcut is the identity.
    """

    def __init__(self, inputs: int, outputs: int, *, is_first: bool = False, is_flat: bool = False) -> None:
        super().__init__()
        hidden = outputs if is_first else inputs
        self.is_first, self.is_flat = is_first, is_flat
        self.conv1, self.conv2 = _conv3(inputs, hidden), _conv3(hidden, outputs)
        self.shortcut = nn.Identity() if is_flat and inputs == outputs else _conv1(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.conv2(relu(self.conv1(x if self.is_first else relu(x))))
        if self.is_flat:
            return residual + self.shortcut(x)
        return avg_pool2d(residual, 2) + self.shortcut(avg_pool2d(x, 2))  # 1×1 commutes with the mean too


class Generator(base.Generator):
    """Latents [N, latent_dim] → dense start → residual blocks → images [N, C, H, W] in [−1, 1].

    The code is the latents with the label weights after them: [N, latent_dim + ΣK].
    """

    def __init__(
        self,
        *,
        latent_dim: int,
        height: int,
        width: int,
        channels: int,
        min_channels: int,
        max_channels: int,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        refuse_unless_count("latent_dim", latent_dim)
        self.latent_dim = latent_dim
        plan = pyramid(height, width, 1, 1)
        first, *others = reversed(channels_of(len(plan.channels) + 1, min_channels, max_channels))
        self.start_shape = (first, *plan.start)
        self.start = _glorot(nn.Linear(latent_dim, math.prod(self.start_shape)))
        self.blocks = nn.ModuleList(UpBlock(below, above, label_sizes) for below, above in pairwise([first, *others]))
        self.norm = nn.BatchNorm2d(others[-1])
        self.to_image = _glorot(nn.Conv2d(others[-1], channels, 3, padding=1))

    def mapping(self, latents: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([latents, labels.to(latents.dtype)], dim=1)

    def synthesis(self, code: Tensor) -> Tensor:
        latents, labels = code[:, : self.latent_dim], code[:, self.latent_dim :]
        x = self.start(latents).view(-1, *self.start_shape)  # [N, C₀, H₀, W₀]
        for block in self.blocks:  # each doubles height and width
            x = block(x, labels)
        return torch.tanh(self.to_image(relu(self.norm(x))))


class Discriminator(nn.Module):
    """Images [N, C, H, W] → residual blocks → sums over places → logits [N].

    There is one block more than the generator has; all halve height and width but the last `flat_blocks`.
    """

    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        min_channels: int,
        max_channels: int,
        flat_blocks: int,
        spectral_norm: bool,
        head: HeadOf = Projection,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        num_blocks = len(pyramid(height, width, 1, 1).channels) + 1
        if not is_number(flat_blocks, int) or not 0 <= flat_blocks < num_blocks:
            raise UserError(
                f"flat_blocks={flat_blocks}: of the {num_blocks} blocks for {height}×{width} images, 0 to "
                f"{num_blocks - 1} can keep their size."
            )
        widths = [channels, *channels_of(num_blocks, min_channels, max_channels)]
        self.blocks = nn.ModuleList(
            DownBlock(inputs, outputs, is_first=number == 0, is_flat=number >= num_blocks - flat_blocks)
            for number, (inputs, outputs) in enumerate(pairwise(widths))
        )
        self.head = head(_glorot(nn.Linear(widths[-1], 1)), widths[-1], label_sizes)
        if spectral_norm:
            normalize_spectra(self)

    def forward(self, images: Tensor, labels: Tensor) -> DiscriminatorOutput:
        features = []
        x = images
        for block in self.blocks:
            x = block(x)
            features.append(x)
        return self.head(relu(x).sum((2, 3)), labels)._replace(features=tuple(features))
