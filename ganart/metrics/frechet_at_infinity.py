"""Fréchet distance without its bias: Chong and Forsyth 2020, "Effectively Unbiased FID and IS" (arXiv:1911.07023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ganart.metrics.base import Comparison, Score, Value, in_double
from ganart.metrics.gaussian import Gaussian


@dataclass(frozen=True)
class FrechetDistanceAtInfinity(Score):
    """The value at 1/N = 0 of the least-squares line of Fréchet distances over 1/N, at `points` sizes N.

    Sizes increase in equal steps up to all generated images. The smallest is a tenth of the images or four times the
    number of features, whichever is larger, but at most half of the images and 5,000: for smaller sizes the line bends.
    The bias of the real side remains; it is equal for all generators compared with the same real images.
    """

    points: int = 15

    keys = ("fid_infinity",)
    fewest = 20

    def compute(self, sides: Comparison) -> list[Value]:
        fake = in_double(sides.fake.features)
        order = torch.randperm(len(fake))
        sizes = self.sizes(len(fake), fake.shape[1])
        distances = [sides.real_gaussian.distance_to(Gaussian.of(fake[order[:size].to(fake.device)])) for size in sizes]
        return [Value("fid_infinity", at_infinity(sizes, distances))]

    def sizes(self, num_images: int, num_features: int) -> list[int]:
        """Return the number of images at each point of the line."""
        fewest = min(max(num_images // 10, 4 * num_features), num_images // 2, 5000)
        return torch.linspace(fewest, num_images, self.points).round().int().tolist()

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"points": self.points}


def at_infinity(sizes: list[int], distances: list[float]) -> float:
    """Return the intercept of the least-squares line of `distances` over 1/N."""
    inverse = 1 / torch.tensor(sizes, dtype=torch.float64)
    values = torch.tensor(distances, dtype=torch.float64)
    centred = inverse - inverse.mean()
    slope = (centred @ values) / centred.square().sum()
    return float(values.mean() - slope * inverse.mean())
