"""Vendi score: Friedman and Dieng 2023, "The Vendi Score: A Diversity Evaluation Metric" (arXiv:2210.02410), eq. 2."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ganart.metrics.base import Comparison, Score, Value, in_double


@dataclass(frozen=True)
class VendiScore(Score):
    """The effective number of different images among the generated ones: 1 if all are equal, N if orthogonal."""

    keys = ("vendi",)
    lower_is_better = False

    def compute(self, sides: Comparison) -> list[Value]:
        return [Value("vendi", vendi(sides.fake.features))]


def vendi(features: Tensor) -> float:
    """Return exp of the entropy of the eigenvalues of K/N, K the cosines between the rows of features [N, D]."""
    rows = normalize(in_double(features))
    # XXᵀ and XᵀX have the same eigenvalues except zeros, which add no entropy.
    gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    values = torch.linalg.eigvalsh(gram / len(rows)).clamp(min=0)
    return float(torch.special.entr(values).sum().exp())
