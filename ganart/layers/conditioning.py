"""Labels as weights, and the layers that condition the players on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganart.ranges import refuse_unless_count


def one_hot(labels: Tensor, sizes: Sequence[int]) -> Tensor:
    """Turn classes, int64 [N, F] with `sizes[f]` classes in column f, into weights, float32 [N, ΣK].

    An unknown label (−1) has weight zero in all columns of its factor. Float labels are weights already and returned
    unchanged: they may be blended (0.7 of one class, 0.3 of another), smoothed or zeroed.
    """
    if labels.is_floating_point():
        return labels
    columns = [
        (column.unsqueeze(1) == torch.arange(size, device=labels.device)).float()
        for column, size in zip(labels.unbind(1), sizes, strict=True)
    ]
    return torch.cat(columns, dim=1) if columns else labels.new_zeros(len(labels), 0, dtype=torch.float32)


class LabelEmbedding(nn.Module):
    """Label weights [N, ΣK], see `one_hot`, → vectors [N, dim]: weighted sums of one learnt vector per class.

    Coordinates have unit variance at initialisation for one-hot weights; an unknown label, of weight zero, adds
    nothing. Computed in float32 also under autocast.
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
    """Latents [N, Z] concatenated with the embedding of label weights [N, ΣK]: [N, Z + dim]."""

    def __init__(self, latent_dim: int, label_sizes: Sequence[int], dim: int) -> None:
        super().__init__()
        self.embedding = LabelEmbedding(label_sizes, dim)
        self.out_features = latent_dim + dim

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([latents, self.embedding(labels)], dim=1)


class Unconditioned(nn.Module):
    """Latents unchanged, for generators without labels."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.out_features = latent_dim

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return latents


def condition_latents(latent_dim: int, label_sizes: Sequence[int], dim: int) -> Conditioned | Unconditioned:
    """Return the module that combines latents and label weights into `out_features` columns."""
    refuse_unless_count("latent_dim", latent_dim)
    refuse_unless_count("embedding_dim", dim)
    return Conditioned(latent_dim, label_sizes, dim) if label_sizes else Unconditioned(latent_dim)
