"""Feature matching: Salimans et al. 2016, "Improved Techniques for Training GANs" (arXiv:1606.03498), section 3.1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganart.errors import UserError
from ganart.play import Pair, Play, Term, refuse_unless_period
from ganart.ranges import refuse_negative


@dataclass(frozen=True, kw_only=True)
class FeatureMatching(Term):
    """λ · Σ_l ‖E f_l(x) − E f_l(G(z))‖² / dim f_l for the generator, over the discriminator's layers l.

    The paper has one layer and no division; the division gives all layers the same weight, whatever their size. The
    real features are those of the discriminator's last step.

    Args:
        weight: λ.
        every: period of the term, in generator updates.
    """

    weight: float
    every: int = 1

    def __post_init__(self) -> None:
        refuse_unless_period(self.every)
        refuse_negative("weight", self.weight)

    def generator(self, pair: Pair, play: Play) -> Tensor:
        assert pair.real_output is not None
        assert pair.fake_output is not None
        if not pair.fake_output.features:
            raise UserError("feature_matching needs a discriminator that returns features, and this one has none.")
        layers = zip(pair.real_output.features, pair.fake_output.features, strict=True)
        return (
            self.weight
            * torch.stack([(r.float().mean(0) - f.float().mean(0)).square().mean() for r, f in layers]).sum()
        )
