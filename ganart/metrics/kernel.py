"""Kernel distance between features: Bińkowski et al. 2018, "Demystifying MMD GANs" (arXiv:1801.01401), section 4."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from torchmetrics.image.kid import KernelInceptionDistance

from ganart.metrics.base import Comparison, Ready, Score, Value


@dataclass(frozen=True)
class KernelDistance(Score):
    """Squared maximum mean discrepancy with the kernel (x·y/D + 1)³, unbiased, as mean ± std over random subsets.

    With fewer than `subset_size` images on a side, subsets have half of them. If a subset has all images, there is only
    one, and no standard deviation.
    """

    subsets: int = 100
    subset_size: int = 1000

    keys = ("kid",)

    def compute(self, sides: Comparison) -> list[Value]:
        fewest = min(len(sides.real), len(sides.fake))
        size = self._size(fewest)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about memory for features, which is allocated already
            metric = KernelInceptionDistance(
                feature=Ready(sides.real.features.shape[1]),
                subsets=self.subsets if size < fewest else 1,
                subset_size=size,
                sync_on_compute=False,
            ).to(sides.real.features.device)
        metric.update(sides.real.features, real=True)
        metric.update(sides.fake.features, real=False)
        mean, std = metric.compute()
        return [Value("kid", float(mean), float(std) if size < fewest else None)]

    def protocol(self, num_images: int) -> dict[str, Any]:
        return {"subsets": self.subsets, "subset_size": self._size(num_images)}

    def _size(self, fewest: int) -> int:
        return self.subset_size if self.subset_size <= fewest else max(2, fewest // 2)
