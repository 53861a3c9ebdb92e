"""R1: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?" (arXiv:1801.04406), eq. 9."""

from dataclasses import dataclass

from torch import Tensor

from ganart.penalties.base import Judge, Penalty, squared_gradient_norm


@dataclass(frozen=True, kw_only=True)
class R1(Penalty):
    """γ/2 · E‖∇ₓ D(x)‖² at real images, which makes the discriminator flat around the data."""

    strength = "gamma"
    gamma: float

    def __call__(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        return self.gamma / 2 * squared_gradient_norm(judge, real)
