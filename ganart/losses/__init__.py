"""Adversarial losses, one a file."""

from ganart.losses.base import AdversarialLoss
from ganart.losses.hinge import Hinge
from ganart.losses.least_squares import LeastSquares
from ganart.losses.minimax import Minimax
from ganart.losses.non_saturating import NonSaturating
from ganart.losses.relativistic import Relativistic
from ganart.losses.wasserstein import Wasserstein

__all__ = ["AdversarialLoss", "Hinge", "LeastSquares", "Minimax", "NonSaturating", "Relativistic", "Wasserstein"]
