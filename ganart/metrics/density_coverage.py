"""Density and coverage: Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics" (arXiv:2002.09797), eq. 3–5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ganart.metrics.base import Comparison, Score, Value
from ganart.metrics.neighbours import distances


@dataclass(frozen=True)
class DensityCoverage(Score):
    """Density, the mean number of real k-NN balls around a generated image over k; coverage, the share hit.

    The ball of a real image reaches to its k-th nearest other real image, k = `neighbours`. Density may exceed 1;
    coverage is the share of balls that contain a generated image.
    """

    neighbours: int = 5

    keys = ("density", "coverage")
    lower_is_better = False
    fewest = 7

    def compute(self, sides: Comparison) -> list[Value]:
        k = min(self.neighbours, len(sides.real) - 1)
        radii = sides.radii("real", k)
        inside, reached = 0, torch.zeros(len(radii), dtype=torch.bool, device=radii.device)
        for _, block in distances(sides.fake.features, sides.real.features):
            within = block <= radii
            inside += int(within.sum())
            reached |= within.any(dim=0)
        return [
            Value("density", inside / (k * len(sides.fake))),
            Value("coverage", float(reached.float().mean())),
        ]

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"neighbours": min(self.neighbours, num_images - 1)}
