"""Inception Score: Salimans et al. 2016, "Improved Techniques for Training GANs" (arXiv:1606.03498), section 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganart.metrics.base import Comparison, Score, Value, in_double


@dataclass(frozen=True)
class InceptionScore(Score):
    """exp E[KL(p(y|x) ‖ p(y))] over a network's classes, as mean ± std over splits; it uses no real images.

    Splits are random, and their sizes differ by at most one. torchmetrics computes in float32, where a class
    probability that underflows makes the score NaN.
    """

    splits: int = 10

    keys = ("is",)
    lower_is_better = False

    def compute(self, sides: Comparison) -> list[Value]:
        logits = in_double(sides.fake.logits)
        if logits.shape[1] < 2:
            return []  # the score needs classes
        order = torch.randperm(len(logits)).to(logits.device)
        parts = logits[order].tensor_split(self._splits(len(logits)))
        scores = torch.tensor([inception_score(part) for part in parts], dtype=torch.float64)
        return [Value("is", float(scores.mean()), float(scores.std()) if len(scores) > 1 else None)]

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"splits": self._splits(num_images)}

    def _splits(self, num_images: int) -> int:
        """Return the number of splits, at most `splits`, with two images each: with one the score is always 1."""
        return max(1, min(self.splits, num_images // 2))


def inception_score(logits: Tensor) -> float:
    """Return exp(H(mean of p) − mean of H(p)) of the probabilities p of logits [N, K], float64: from 1 to K."""
    probabilities = logits.softmax(dim=1)
    marginal = torch.special.entr(probabilities.mean(dim=0)).sum()
    return float((marginal - torch.special.entr(probabilities).sum(dim=1).mean()).exp())
