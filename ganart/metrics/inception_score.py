"""Inception Score: Salimans et al. 2016, "Improved Techniques for Training GANs" (arXiv:1606.03498), section 4."""

import warnings
from typing import Any

from torch import Tensor
from torchmetrics.image.inception import InceptionScore as TorchInceptionScore

from ganart.metrics.base import Features, Score


class InceptionScore(Score):
    """exp E[KL(p(y|x) ‖ p(y))] over a network's classes, as mean ± std over splits. It looks at no real picture."""

    key = "is"
    lower_is_better = False

    def __init__(self, *, splits: int = 10) -> None:
        self._splits = splits

    def reset(self, num_features: int, num_images: int, device: str, *, synchronize: bool) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            splits = even_splits(num_images, self._splits)
            network = Features(num_features)
            self._metric = TorchInceptionScore(feature=network, splits=splits, sync_on_compute=synchronize).to(device)

    def settings(self) -> dict[str, Any]:
        return {"splits": self._metric.splits}

    def update(self, features: Tensor, logits: Tensor, *, real: bool) -> None:
        if not real:
            self._metric.update(logits)

    def compute(self) -> tuple[float, float | None]:
        mean, std = self._metric.compute()
        return float(mean), float(std) if self._metric.splits > 1 else None


def even_splits(num_images: int, wanted: int) -> int:
    """The most splits up to `wanted` of which none is left with a single picture, whose score would be 1 always."""
    for splits in range(min(wanted, num_images // 2), 1, -1):
        size = -(-num_images // splits)
        if (num_images - 1) % size >= 1:
            return splits
    return 1
