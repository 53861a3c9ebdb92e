"""Kernel distance between features: Bińkowski et al. 2018, "Demystifying MMD GANs" (arXiv:1801.01401), section 4."""

import warnings
from typing import Any

from torch import Tensor
from torchmetrics.image.kid import KernelInceptionDistance

from ganart.metrics.base import Features, Score


class KernelDistance(Score):
    """Squared maximum mean discrepancy with the kernel (x·y/D + 1)³, unbiased, as mean ± std over random subsets.

    Subsets as large as the set are all the same set: there is no deviation then.
    """

    key = "kid"
    lower_is_better = True

    def __init__(self, *, subsets: int = 100, subset_size: int = 1000) -> None:
        self._subsets, self._subset_size = subsets, subset_size

    def reset(self, num_features: int, num_images: int, device: str, *, synchronize: bool) -> None:
        self._num_images = num_images
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the memory that the features take: they are few
            self._metric = KernelInceptionDistance(
                feature=Features(num_features),
                subsets=self._subsets,
                subset_size=min(self._subset_size, num_images),
                sync_on_compute=synchronize,
            ).to(device)

    def settings(self) -> dict[str, Any]:
        return {"subsets": self._subsets, "subset_size": self._metric.subset_size}

    def update(self, features: Tensor, logits: Tensor, *, real: bool) -> None:
        self._metric.update(features, real=real)

    def compute(self) -> tuple[float, float | None]:
        mean, std = self._metric.compute()
        return float(mean), float(std) if self._metric.subset_size < self._num_images else None
