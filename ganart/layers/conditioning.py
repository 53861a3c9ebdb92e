"""How the players are conditioned on the labels of a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganart.ranges import refuse_unless_count


class LabelEmbedding(nn.Module):
    """The sum of one learned vector per factor; an unknown label (−1) adds nothing.

    Labels [N, F] with `label_sizes[f]` classes in column f, to vectors [N, dim] of unit variance per coordinate.
    """

    def __init__(self, label_sizes: Sequence[int], dim: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, dim) for size in label_sizes)
        self.scale = 1 / math.sqrt(max(1, len(label_sizes)))

    def forward(self, labels: Tensor) -> Tensor:
        vectors = [
            table(column.clamp(min=0)) * (column >= 0).unsqueeze(1).float()
            for table, column in zip(self.tables, labels.unbind(1), strict=True)
        ]
        return torch.stack(vectors).sum(0) * self.scale


class Conditioned(nn.Module):
    """Latents [N, Z] and labels [N, F] side by side: [N, Z + dim], the labels as an embedding."""

    def __init__(self, latent_dim: int, label_sizes: Sequence[int], dim: int) -> None:
        super().__init__()
        self.embedding = LabelEmbedding(label_sizes, dim)
        self.out_features = latent_dim + dim

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([latents, self.embedding(labels)], dim=1)


class Unconditioned(nn.Module):
    """Latents as they are: the generator of a data set without labels to follow."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.out_features = latent_dim

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return latents


class Head(nn.Module):
    """Features [N, dim] and labels [N, F] to logits [N], in the precision of its own weights also under autocast.

    Losses of differences of logits let all of them drift together: in bfloat16, logits around 300 are steps of 2 apart,
    and the discriminator's gradient is wrong by 20 %. StyleGAN2 and R3GAN keep their last block in float32 too.
    """

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return self.logits(features.to(next(self.parameters()).dtype), labels)

    def logits(self, features: Tensor, labels: Tensor) -> Tensor:
        raise NotImplementedError


class ProjectionHead(Head):
    """Features to one logit, plus ⟨features, embedding of the labels⟩ where the discriminator is conditioned on them.

    Miyato and Koyama 2018, "cGANs with Projection Discriminator" (arXiv:1802.05637), eq. 3; the inner product is
    divided by √dim so that it starts at the size of the other term.
    """

    def __init__(self, linear: nn.Module, dim: int, label_sizes: Sequence[int]) -> None:
        super().__init__()
        self.linear = linear
        self.embedding = LabelEmbedding(label_sizes, dim)
        self.dim = dim

    def logits(self, features: Tensor, labels: Tensor) -> Tensor:
        projection = (features * self.embedding(labels)).sum(1) / math.sqrt(self.dim)
        return self.linear(features).squeeze(1) + projection


class PlainHead(Head):
    """Features to one logit, [N], whatever the labels."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.linear = linear

    def logits(self, features: Tensor, labels: Tensor) -> Tensor:
        return self.linear(features).squeeze(1)


def condition_latents(latent_dim: int, label_sizes: Sequence[int], dim: int) -> Conditioned | Unconditioned:
    """Return what prepares the generator's input, with `out_features` columns."""
    refuse_unless_count("latent_dim", latent_dim)
    refuse_unless_count("embedding_dim", dim)
    return Conditioned(latent_dim, label_sizes, dim) if label_sizes else Unconditioned(latent_dim)


def discriminator_head(linear: nn.Module, dim: int, label_sizes: Sequence[int]) -> ProjectionHead | PlainHead:
    """Return what turns `dim` features into one logit, conditioned on the labels where there are any."""
    return ProjectionHead(linear, dim, label_sizes) if label_sizes else PlainHead(linear)
