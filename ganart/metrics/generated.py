"""Pictures of a generator by their seeds, told labels as the training pictures have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganart.datasets.base import UNKNOWN, PictureSet
from ganart.seeds import latents_of, mix


@dataclass(frozen=True)
class Generated:
    """What `paint` makes of latents [N, Z] and told labels [N, F], uint8 [N, H, W, C], as a function of seeds alone.

    Each seed draws a training picture whose labels are told, so that classes come as often as the data have them.
    """

    paint: Callable[[Tensor, Tensor], Tensor]
    pictures: PictureSet
    condition: tuple[str, ...]
    latent_dim: int
    truncation: float | None = None

    def __call__(self, seeds: list[int]) -> tuple[Tensor, Tensor]:
        names = [factor.name for factor in self.pictures.factors]
        rows = np.array([mix("scored labels", seed) % len(self.pictures.train) for seed in seeds])
        labels = torch.from_numpy(self.pictures.train.labels_of(rows))
        told = labels[:, [names.index(name) for name in self.condition]]
        is_told = torch.tensor([name in self.condition for name in names], dtype=torch.bool)
        latents = latents_of(seeds, self.latent_dim, truncation=self.truncation)
        return self.paint(latents, told), torch.where(is_told, labels, UNKNOWN)
