"""Adversarial losses, one a file."""

from ganart.losses.base import AdversarialLoss
from ganart.parts import export

__all__ = ["AdversarialLoss"]

__getattr__ = export(__name__)
