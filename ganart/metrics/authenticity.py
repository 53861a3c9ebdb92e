"""Authenticity: Alaa et al. 2022, "How Faithful is your Synthetic Data?" (arXiv:2102.08921), section 4.3."""

from __future__ import annotations

from dataclasses import dataclass

from ganart.metrics.base import Comparison, Score, Value
from ganart.metrics.neighbours import nearest


@dataclass(frozen=True)
class Authenticity(Score):
    """The percentage of generated images that are authentic.

    An image is not authentic if its nearest real image is nearer to it than to any other real image. Held-out images
    get about 50 % by chance, see the floor.
    """

    keys = ("authenticity",)
    lower_is_better = False

    def compute(self, sides: Comparison) -> list[Value]:
        apart, positions = nearest(sides.fake.features, sides.real.features, 1)
        authentic = sides.radii("real", 1)[positions[:, 0]] < apart[:, 0]
        return [Value("authenticity", 100 * float(authentic.float().mean()))]
