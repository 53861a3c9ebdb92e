"""Penalties on the discriminator, one a file."""

from ganart.penalties.base import ADVERSARIAL, Judge, Penalty, squared_gradient_norm
from ganart.penalties.dragan import DRAGAN
from ganart.penalties.r1 import R1
from ganart.penalties.r2 import R2
from ganart.penalties.weight_clipping import WeightClipping
from ganart.penalties.wgan_gp import WGANGP

__all__ = ["ADVERSARIAL", "DRAGAN", "R1", "R2", "WGANGP", "Judge", "Penalty", "WeightClipping", "squared_gradient_norm"]
