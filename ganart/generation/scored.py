"""Pictures of a generator by their numbers, conditioned on labels as the training pictures have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganart.datasets.base import UNKNOWN, PictureSet
from ganart.seeds import mix


@dataclass(frozen=True)
class Generated:
    """Samples as a function of numbers alone: `paint` makes them of seeds and labels [N, F], as they are stored.

    Each number draws a training picture whose labels it is conditioned on, so that classes come as often as the data
    have them. Other `sample`s are other pictures, drawn independently.
    """

    paint: Callable[[list[int], Tensor], Tensor]
    pictures: PictureSet
    condition: tuple[str, ...]
    sample: tuple[str | int, ...] = ()
    """See `sample_of`. Without parts, numbers are the seeds themselves."""

    def __call__(self, numbers: list[int]) -> tuple[Tensor, Tensor]:
        seeds = [mix(*self.sample, number) for number in numbers] if self.sample else numbers
        names = [factor.name for factor in self.pictures.factors]
        rows = np.array([mix("scored labels", seed) % len(self.pictures.train) for seed in seeds])
        labels = torch.from_numpy(self.pictures.train.labels_of(rows))
        told = labels[:, [names.index(name) for name in self.condition]]
        is_told = torch.tensor([name in self.condition for name in names], dtype=torch.bool)
        return self.paint(seeds, told), torch.where(is_told, labels, UNKNOWN)


def sample_of(seed: int, *, trend: bool = False) -> tuple[str | int, ...]:
    """Name the pictures that scores with `seed` are of, or those of a trend, which final scores must not meet again.

    What has chosen the best checkpoint flatters it. Seed 0 has the latents that `ganart generate` draws by 0, 1, 2 …
    """
    if trend:
        return ("trend", seed)
    return ("scored", seed) if seed else ()
