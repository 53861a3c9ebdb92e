"""The gradient penalty of WGAN-GP: Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganart.penalties.base import Judge, Penalty, squared_gradient_norm


@dataclass(frozen=True, kw_only=True)
class WGANGP(Penalty):
    """λ · E(‖∇ D(x̂)‖ − 1)² at x̂ = a·x + (1 − a)·G(z) with a ~ U(0, 1), one per sample."""

    strength = "weight"
    weight: float

    def __call__(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        mix = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
        # The square root has no gradient at zero: 1e-12 keeps the penalty's gradient finite where D is flat.
        norm = (squared_gradient_norm(judge, torch.lerp(fake, real, mix)) + 1e-12).sqrt()
        return self.weight * (norm - 1).square()
