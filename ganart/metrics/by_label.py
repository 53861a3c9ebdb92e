"""Every class by itself: one number for all hides a style that is missing."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ganart.datasets.base import UNKNOWN, Factor
from ganart.metrics.base import Comparison, Sample
from ganart.metrics.kernel import KernelDistance
from ganart.metrics.precision_recall import PrecisionRecall
from ganart.metrics.results import LabelRow, LabelTable

FEWEST = 20
"""Pictures of a class on each side below which its distance and recall would be noise."""


def by_label(real: Sample, fake: Sample, factors: tuple[Factor, ...]) -> list[LabelTable]:
    """Return a table for each factor with more than one class.

    Shares of generated pictures are of what a classifier recognises, which was trained on the data's own labels. The
    kernel distance and the recall of a class compare its real pictures with those generated ones that were told it or,
    where nothing was told, that are recognised as it.
    """
    return [_table(real, fake, column, factor) for column, factor in enumerate(factors) if len(factor.classes) > 1]


def _table(real: Sample, fake: Sample, column: int, factor: Factor) -> LabelTable:
    own, told = real.labels[:, column], fake.labels[:, column]
    recognised = fake.recognised[:, column] if fake.recognised.shape[1] else torch.full_like(told, UNKNOWN)
    is_told = bool((told != UNKNOWN).any())
    shares_real, shares_fake = _shares(own, len(factor.classes)), _shares(recognised, len(factor.classes))
    rows = [
        _row(name, real.take(own == number), fake.take((told if is_told else recognised) == number), shares)
        for number, (name, *shares) in enumerate(
            zip(factor.classes, shares_real.tolist(), shares_fake.tolist(), strict=True)
        )
    ]
    has_shares = bool((recognised != UNKNOWN).any())
    variation = float((shares_real - shares_fake).abs().sum() / 2) if has_shares else None
    agreement = float((recognised == told)[told != UNKNOWN].float().mean()) if is_told and has_shares else None
    return LabelTable(factor.name, variation, agreement, rows)


def _row(name: str, real: Sample, fake: Sample, shares: list[float]) -> LabelRow:
    distance = recall = None
    if min(len(real), len(fake)) >= FEWEST:
        sides = Comparison(real, fake)
        distance = KernelDistance(subsets=20).compute(sides)[0].value
        recall = PrecisionRecall().compute(sides)[1].value
    share_fake = None if math.isnan(shares[1]) else shares[1]
    return LabelRow(name, len(real), len(fake), shares[0], share_fake, distance, recall)


def _shares(labels: Tensor, num_classes: int) -> Tensor:
    """The share of each class among the known labels, float64 [num_classes]; NaN where none is known."""
    counts = torch.bincount(labels[labels != UNKNOWN], minlength=num_classes).double()
    return counts / counts.sum()
