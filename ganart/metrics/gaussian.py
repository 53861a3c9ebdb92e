"""Gaussians fitted to features, and the Fréchet distance between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """Mean [D] and covariance of `count` vectors, float64.

    It holds the smaller of the centred vectors [count, D] and the scatter matrix Σ(x − μ)(x − μ)ᵀ [D, D].
    """

    mean: Tensor
    count: int
    centred: Tensor | None = None
    summed: Tensor | None = None

    @classmethod
    def of(cls, features: Tensor) -> Gaussian:
        """Fit features [N, D], N ≥ 1, float64."""
        mean = features.mean(dim=0)
        centred = features - mean
        if len(features) <= features.shape[1]:
            return cls(mean, len(features), centred=centred)
        return cls(mean, len(features), summed=centred.T @ centred)

    @property
    def scatter(self) -> Tensor:
        """Σ(x − μ)(x − μ)ᵀ, [D, D]; zeros for one vector."""
        if self.centred is not None:
            return self.centred.T @ self.centred
        assert self.summed is not None
        return self.summed

    @cached_property
    def covariance(self) -> Tensor:
        """The unbiased covariance, [D, D]; needs two vectors."""
        return self.scatter / (self.count - 1)

    @cached_property
    def factor(self) -> Tensor:
        """A matrix R [min(count, D), D] with RᵀR = Σ."""
        if self.centred is not None:
            return self.centred / (self.count - 1) ** 0.5
        values, vectors = torch.linalg.eigh(self.covariance)
        return (vectors * values.clamp(min=0).sqrt()).T

    @property
    def variance(self) -> Tensor:
        """The trace of the covariance."""
        if self.centred is not None:
            return self.centred.square().sum() / (self.count - 1)
        return self.covariance.trace()

    def distance_to(self, other: Gaussian) -> float:
        """Return ‖μ − μ′‖² + Tr Σ + Tr Σ′ − 2 Tr(Σ^½ Σ′ Σ^½)^½.

        With RᵀR = Σ and R′ᵀR′ = Σ′, the last trace is the sum of the singular values of R R′ᵀ, which are the square
        roots of the eigenvalues of R Σ′ Rᵀ or R′ Σ R′ᵀ. Both are symmetric, so these are real even for few vectors.
        """
        if other.centred is not None:
            product = other.factor @ self.factor.T
            symmetric = product @ product.T
        else:
            symmetric = self.factor @ other.covariance @ self.factor.T
        roots = torch.linalg.eigvalsh(symmetric).clamp(min=0).sqrt()
        means = (self.mean - other.mean).square().sum()
        return float(means + self.variance + other.variance - 2 * roots.sum())

    def without(self, part: Tensor, rest: Tensor) -> Gaussian:
        """Return the Gaussian without the vectors of `part`; `rest` are the other vectors.

        For many vectors it is computed without `rest`, by the pairwise update of Chan et al. 1983 in reverse.
        """
        if self.summed is None:
            return Gaussian.of(rest)
        taken = Gaussian.of(part)
        count = self.count - taken.count
        mean = (self.count * self.mean - taken.count * taken.mean) / count
        apart = taken.mean - mean
        scatter = taken.scatter + torch.outer(apart, apart) * (taken.count * count / self.count)
        return Gaussian(mean, count, summed=self.summed - scatter)
