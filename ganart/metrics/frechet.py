"""Fréchet distance: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule" (1706.08500), eq. 6."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchmetrics.image.fid import FrechetInceptionDistance

from ganart.metrics.base import Comparison, Ready, Score, Value, in_double
from ganart.metrics.gaussian import Gaussian


@dataclass(frozen=True)
class FrechetDistance(Score):
    """‖μ − μ′‖² + Tr(Σ + Σ′ − 2(ΣΣ′)^½) of Gaussians fitted to real and generated features, by torchmetrics.

    The standard deviation is the jackknife's over `folds` of the generated images: the variation between sets of as
    many images. It does not include the bias, which falls as 1/N; see `FrechetDistanceAtInfinity` and the floor.
    """

    folds: int = 10

    keys = ("fid",)

    def compute(self, sides: Comparison) -> list[Value]:
        real, fake = in_double(sides.real.features), in_double(sides.fake.features)
        metric = FrechetInceptionDistance(feature=Ready(real.shape[1]), sync_on_compute=False).to(real.device)
        metric.set_dtype(torch.float64)
        metric.update(real, real=True)
        metric.update(fake, real=False)
        return [Value("fid", float(metric.compute()), self._jackknife(sides.real_gaussian, fake))]

    def _jackknife(self, real: Gaussian, fake: Tensor) -> float | None:
        """Return √((g − 1)/g · Σ(θᵢ − θ̄)²) over the g estimates that leave one fold out (Quenouille 1956, Tukey 1958).

        The formula assumes equal folds; here their sizes differ by at most one.
        """
        if self.folds < 2 or len(fake) < 2 * self.folds:
            return None
        everything, folds = Gaussian.of(fake), fake.tensor_split(self.folds)
        estimates = []
        for number, fold in enumerate(folds):
            rest = torch.cat([*folds[:number], *folds[number + 1 :]])
            estimates.append(real.distance_to(everything.without(fold, rest)))
        scale = (len(folds) - 1) ** 2 / len(folds)
        return float((scale * torch.tensor(estimates, dtype=torch.float64).var()).sqrt())
