"""Scores of every class: one number for all classes can hide a missing one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ganart.datasets.base import UNKNOWN, Factor
from ganart.metrics.base import Comparison, Features
from ganart.metrics.kernel import KernelDistance
from ganart.metrics.precision_recall import PrecisionRecall
from ganart.metrics.results import LabelRow, LabelTable

FEWEST = 20
"""Least number of images of a class on each side for its distance and recall, which would be noise below."""


def by_label(real: Features, fake: Features, factors: tuple[Factor, ...]) -> list[LabelTable]:
    """Return a table for each factor with more than one class.

    Shares of classes are those that a classifier recognises, on both sides, so that its errors affect both alike.
    Without a classifier real images have the shares of their labels, and generated ones none. The kernel distance and
    the recall of a class compare its real images with the generated ones conditioned on it; if the generator is not
    conditioned on labels, images recognised as the class, on both sides.
    """
    return [_table(real, fake, column, factor) for column, factor in enumerate(factors) if len(factor.classes) > 1]


def _table(real: Features, fake: Features, column: int, factor: Factor) -> LabelTable:
    own, given = real.labels[:, column], fake.labels[:, column]
    seen_real, seen_fake = (_recognised(side, column) for side in (real, fake))
    is_given, is_seen = bool((given != UNKNOWN).any()), bool((seen_fake != UNKNOWN).any())
    shares_real = _shares(seen_real if is_seen else own, len(factor.classes))
    shares_fake = _shares(seen_fake, len(factor.classes))
    by_real, by_fake = (own, given) if is_given else (seen_real, seen_fake)
    rows = [
        _row(name, real.take(by_real == number), fake.take(by_fake == number), shares)
        for number, (name, *shares) in enumerate(
            zip(factor.classes, shares_real.tolist(), shares_fake.tolist(), strict=True)
        )
    ]
    variation = float((shares_real - shares_fake).abs().sum() / 2) if is_seen else None
    agreement = float((seen_fake == given)[given != UNKNOWN].float().mean()) if is_given and is_seen else None
    return LabelTable(factor.name, variation, agreement, rows)


def _recognised(side: Features, column: int) -> Tensor:
    """Return the recognised classes, int64 [N]; all unknown without a classifier."""
    if side.recognised.shape[1]:
        return side.recognised[:, column]
    return torch.full((len(side),), UNKNOWN, device=side.labels.device)


def _row(name: str, real: Features, fake: Features, shares: list[float]) -> LabelRow:
    distance = recall = None
    if min(len(real), len(fake)) >= FEWEST:
        sides = Comparison(real, fake)
        distance = KernelDistance(subsets=20).compute(sides)[0].value
        recall = PrecisionRecall().compute(sides)[1].value
    share_real, share_fake = (None if math.isnan(share) else share for share in shares)
    return LabelRow(name, len(real), len(fake), share_real, share_fake, distance, recall)


def _shares(labels: Tensor, num_classes: int) -> Tensor:
    """Return the share of each class among the known labels, float64 [num_classes]; NaN where none is known."""
    counts = torch.bincount(labels[labels != UNKNOWN], minlength=num_classes).double()
    return counts / counts.sum()
