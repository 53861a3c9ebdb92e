"""Multi-layer perceptrons: Goodfellow et al. 2014, "Generative Adversarial Nets" (arXiv:1406.2661), section 5.

The paper has a ReLU generator and a maxout discriminator. The defaults here are LeakyReLU in both and batch
normalization in the generator, as in later tutorials.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganart.layers.conditioning import condition_latents
from ganart.layers.heads.base import HeadOf
from ganart.layers.heads.projection import Projection
from ganart.networks import base
from ganart.play import DiscriminatorOutput
from ganart.ranges import refuse_unless_count


def _stack(sizes: Sequence[int], batch_norm: bool) -> nn.Sequential:
    for size in sizes[1:]:
        refuse_unless_count("hidden", size)
    layers: list[nn.Module] = []
    for size_in, size_out in pairwise(sizes):
        layers.append(nn.Linear(size_in, size_out, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm1d(size_out))
        layers.append(nn.LeakyReLU(0.2, inplace=True))
    return nn.Sequential(*layers)


class Generator(base.Generator):
    """Latents [N, latent_dim] → hidden layers → images [N, channels, height, width] in [−1, 1] by tanh."""

    def __init__(
        self,
        *,
        latent_dim: int,
        height: int,
        width: int,
        channels: int,
        hidden: Sequence[int],
        batch_norm: bool,
        embedding_dim: int,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.shape = (channels, height, width)
        self.condition = condition_latents(latent_dim, label_sizes, embedding_dim)
        self.body = _stack([self.condition.out_features, *hidden], batch_norm)
        self.to_image = nn.Linear(hidden[-1], channels * height * width)

    def mapping(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.condition(latents, labels)

    def synthesis(self, code: Tensor) -> Tensor:
        x = self.body(code)  # [N, hidden[-1]]
        return torch.tanh(self.to_image(x)).view(-1, *self.shape)


class Discriminator(nn.Module):
    """Images [N, C, H, W] → hidden layers → logits [N]."""

    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        hidden: Sequence[int],
        batch_norm: bool,
        head: HeadOf = Projection,
        label_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.body = _stack([channels * height * width, *hidden], batch_norm)
        self.head = head(nn.Linear(hidden[-1], 1), hidden[-1], label_sizes)

    def forward(self, images: Tensor, labels: Tensor) -> DiscriminatorOutput:
        features = self.body(images.flatten(1))
        return self.head(features, labels)._replace(features=(features,))
