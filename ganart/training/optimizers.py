"""Optimizers from configuration, built when the player's parameters are known."""

from __future__ import annotations

from collections.abc import Sequence

from omegaconf import DictConfig

from ganart.config.build import build
from ganart.gan import OptimizerOf


def build_optimizer(node: DictConfig, *, scaled_gradients: bool, allow: Sequence[str] = ()) -> OptimizerOf:
    """Return a function from parameters to the optimizer of `node` (a `_partial_`).

    Integer betas become floats, because torch refuses `betas: [0, 0.99]`. With a gradient scaler, `fused` is switched
    off: fused optimizers unscale gradients inside their step, after which they cannot be clipped or measured.
    """
    node = node.copy()
    if "betas" in node:
        node.betas = [float(beta) for beta in node.betas]
    if scaled_gradients and node.get("fused"):
        node.fused = False
    return build(node, allow=allow)
