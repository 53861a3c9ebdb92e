"""Penalties on the discriminator, one a file."""

from ganart.parts import export
from ganart.penalties.base import Judge, Penalty, squared_gradient_norm

__all__ = ["Judge", "Penalty", "squared_gradient_norm"]

__getattr__ = export(__name__)
