"""Generated samples for scores, with labels distributed as in the training images."""

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
    """Stored samples as a function of numbers alone; `paint` generates them from seeds and labels int64 [N, F].

    Each number draws a training image and conditions on its labels, so that classes are as frequent as in the data.
    Different values of `sample` give independent samples.
    """

    paint: Callable[[list[int], Tensor], Tensor]
    pictures: PictureSet
    condition: tuple[str, ...]
    sample: tuple[str | int, ...] = ()
    """The sample's name, see `sample_of`; empty: numbers are the seeds themselves."""

    def __call__(self, numbers: list[int]) -> tuple[Tensor, Tensor]:
        seeds = [mix(*self.sample, number) for number in numbers] if self.sample else numbers
        names = [factor.name for factor in self.pictures.factors]
        rows = np.array([mix("scored labels", seed) % len(self.pictures.train) for seed in seeds])
        labels = torch.from_numpy(self.pictures.train.labels_of(rows))
        given = labels[:, [names.index(name) for name in self.condition]]
        is_given = torch.tensor([name in self.condition for name in names], dtype=torch.bool)
        return self.paint(seeds, given), torch.where(is_given, labels, UNKNOWN)


def sample_of(seed: int, *, trend: bool = False) -> tuple[str | int, ...]:
    """Return the name of the sample that is scored with `seed`, or of a trend's.

    They differ because the trend chooses the best checkpoint, so final scores on its latents would be biased. For seed
    0 the final sample has the latents of `ganart generate seeds=0,1,2,…`.
    """
    if trend:
        return ("trend", seed)
    return ("scored", seed) if seed else ()
