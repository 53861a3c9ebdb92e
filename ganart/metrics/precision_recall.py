"""Precision and recall: Kynkäänniemi et al. 2019, "Improved Precision and Recall" (arXiv:1904.06991), eq. 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch_fidelity.metric_prc import calculate_precision_recall_part

from ganart.metrics.base import Comparison, Score, Value
from ganart.metrics.neighbours import rows_at_once


@dataclass(frozen=True)
class PrecisionRecall(Score):
    """Precision, the share of generated images in the ball of a real one, and recall, the reverse, by torch-fidelity.

    The ball of an image reaches to its `neighbours`-th nearest other image of its own side.
    """

    neighbours: int = 3

    keys = ("precision", "recall")
    lower_is_better = False
    fewest = 5

    def compute(self, sides: Comparison) -> list[Value]:
        # Distances come from inner products, whose error grows with the norms: centring keeps these small.
        centre = sides.real.features.mean(dim=0)
        precision, recall = calculate_precision_recall_part(
            sides.fake.features - centre,
            sides.real.features - centre,
            neighborhood=min(self.neighbours, len(sides.real) - 1, len(sides.fake) - 1),
            batch_size=rows_at_once(max(len(sides.real), len(sides.fake))),
        )
        return [
            Value("precision", precision),
            Value("recall", recall),
        ]

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"neighbours": self.neighbours}
