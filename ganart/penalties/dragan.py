"""DRAGAN: Kodali et al. 2017, "On Convergence and Stability of GANs" (arXiv:1705.07215), section 3.1."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganart.penalties.base import Judge, Penalty, squared_gradient_norm
from ganart.ranges import refuse_negative


@dataclass(frozen=True, kw_only=True)
class DRAGAN(Penalty):
    """λ · E(‖∇ D(x̂)‖ − k)² at x̂ = x + a·½·std(x)·u around the data, u ~ U(0, 1) per pixel, a ~ U(0, 1) per sample.

    The noise follows the authors' code (uniform, scaled by half the batch's standard deviation); the paper's text
    writes it as N(0, c·I).
    """

    strength = "weight"
    weight: float
    k: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_negative("k", self.k)

    def __call__(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        step = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
        noise = 0.5 * real.std() * torch.rand_like(real)
        norm = (squared_gradient_norm(judge, real + step * noise) + 1e-12).sqrt()
        return self.weight * (norm - self.k).square()
