"""Density and coverage: Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics" (arXiv:2002.09797), eq. 3–5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ganart.metrics.base import Comparison, Score, Value
from ganart.metrics.neighbours import distances


@dataclass(frozen=True)
class DensityCoverage(Score):
    """How many real balls a generated picture lies in, and how many real balls have a generated picture in them.

    A real picture's ball reaches to its `neighbours`-th nearest other real picture. Density is the mean number of balls
    around a generated picture over `neighbours`, and may exceed 1; coverage is the share of balls that are not empty.
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
