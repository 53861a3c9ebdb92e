"""Inception Score: Salimans et al. 2016, "Improved Techniques for Training GANs" (arXiv:1606.03498), section 4."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from torchmetrics.image.inception import InceptionScore as TorchInceptionScore

from ganart.metrics.base import Comparison, Ready, Score, Value


@dataclass(frozen=True)
class InceptionScore(Score):
    """exp E[KL(p(y|x) ‖ p(y))] over a network's classes, as mean ± std over splits. It looks at no real picture."""

    splits: int = 10

    keys = ("is",)
    lower_is_better = False

    def compute(self, sides: Comparison) -> list[Value]:
        logits = sides.fake.logits
        if logits.shape[1] < 2:
            return []  # a network without classes has none to be sure of
        splits = even_splits(len(logits), self.splits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the memory that the logits take: they are there already
            metric = TorchInceptionScore(feature=Ready(logits.shape[1]), splits=splits, sync_on_compute=False)
        metric.to(logits.device).update(logits)
        mean, std = metric.compute()
        return [Value("is", float(mean), float(std) if splits > 1 else None)]

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"splits": even_splits(num_images, self.splits)}


def even_splits(num_images: int, wanted: int) -> int:
    """The most splits up to `wanted` of which none is left with a single picture, whose score would be 1 always."""
    for splits in range(min(wanted, num_images // 2), 1, -1):
        size = -(-num_images // splits)
        if (num_images - 1) % size >= 1:
            return splits
    return 1
