"""Optimizers from configuration: torch's own, built when the player's parameters are known."""

from __future__ import annotations

from collections.abc import Sequence

from omegaconf import DictConfig

from ganart.config.build import build
from ganart.gan import OptimizerOf


def build_optimizer(node: DictConfig, *, scaled_gradients: bool, allow: Sequence[str] = ()) -> OptimizerOf:
    """Return what makes the optimizer of `node` (a `_partial_`) from parameters.

    Integer betas become floats (torch refuses `betas: [0, 0.99]`). Fused implementations unscale gradients inside their
    step, where they can no longer be clipped or measured: with a gradient scaler they are switched off.
    """
    node = node.copy()
    if "betas" in node:
        node.betas = [float(beta) for beta in node.betas]
    if scaled_gradients and node.get("fused"):
        node.fused = False
    return build(node, allow=allow)
