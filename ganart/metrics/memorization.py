"""MiFID: Bai et al. 2021, "On Training Sample Memorization" (arXiv:2106.03062), section 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ganart.metrics.base import Comparison, Score, Value, in_double
from ganart.metrics.gaussian import Gaussian
from ganart.metrics.neighbours import rows_at_once


@dataclass(frozen=True)
class MemorizationInformedDistance(Score):
    """The Fréchet distance divided by the distance of generated images to the nearest real ones, if that is small.

    The divisor is the mean of 1 − |cos| between a generated image and its nearest real one; from `threshold` on it is
    1: no sign of memorisation. torchmetrics averages over the real images instead of the generated ones, and holds all
    cosines in memory at once.
    """

    threshold: float = 0.1

    keys = ("mifid",)

    def compute(self, sides: Comparison) -> list[Value]:
        distance = sides.real_gaussian.distance_to(Gaussian.of(in_double(sides.fake.features)))
        apart = mean_nearest_cosine_distance(sides.fake.features, sides.real.features)
        return [Value("mifid", distance / (apart + 1e-14) if apart < self.threshold else distance)]

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"threshold": self.threshold}


def mean_nearest_cosine_distance(queries: Tensor, references: Tensor) -> float:
    """Return the mean over queries [M, D] of the smallest 1 − |cos| to references [N, D]; zero vectors are left out."""
    queries, references = (normalize(side[side.abs().sum(dim=1) > 0]) for side in (queries, references))
    if not len(queries) or not len(references):
        return 1.0
    blocks = queries.split(rows_at_once(len(references)))
    return float(torch.cat([1 - (block @ references.T).abs().amax(dim=1) for block in blocks]).mean())
