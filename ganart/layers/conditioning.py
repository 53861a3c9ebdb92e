"""Labels as weights, and the layers that condition the players on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganart.ranges import refuse_unless_count


def one_hot(labels: Tensor, sizes: Sequence[int]) -> Tensor:
    """Turn classes, int64 [N, F] with `sizes[f]` classes in column f, into weights, float32 [N, ΣK].

    An unknown label (−1) has the weight zero everywhere. Weights that are floats already pass as they are: rows may be
    blended (0.7 of one class, 0.3 of another), smoothed, or held back.
    """
    if labels.is_floating_point():
        return labels
    columns = [
        (column.unsqueeze(1) == torch.arange(size, device=labels.device)).float()
        for column, size in zip(labels.unbind(1), sizes, strict=True)
    ]
    return torch.cat(columns, dim=1) if columns else labels.new_zeros(len(labels), 0, dtype=torch.float32)


class LabelEmbedding(nn.Module):
    """The sum of one learned vector per factor, weighted: an unknown label, of weight zero, adds nothing.

    Weights [N, ΣK], see `one_hot`, to vectors [N, dim], of unit variance per coordinate for one-hot weights. Computed
    in float32 also under autocast.
    """

    def __init__(self, label_sizes: Sequence[int], dim: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, dim) for size in label_sizes)
        self.sizes = list(label_sizes)
        self.scale = 1 / math.sqrt(max(1, len(label_sizes)))

    def forward(self, labels: Tensor) -> Tensor:
        with torch.autocast(labels.device.type, enabled=False):
            parts = zip(self.tables, labels.split(self.sizes, dim=1), strict=True)
            return (
                torch.stack([weights.to(table.weight.dtype) @ table.weight for table, weights in parts]).sum(0)
                * self.scale
            )


class Conditioned(nn.Module):
    """Latents [N, Z] and label weights [N, ΣK] side by side: [N, Z + dim], the labels as an embedding."""

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


def condition_latents(latent_dim: int, label_sizes: Sequence[int], dim: int) -> Conditioned | Unconditioned:
    """Return what prepares the generator's input, with `out_features` columns."""
    refuse_unless_count("latent_dim", latent_dim)
    refuse_unless_count("embedding_dim", dim)
    return Conditioned(latent_dim, label_sizes, dim) if label_sizes else Unconditioned(latent_dim)
