"""The unconditional head: Goodfellow et al. 2014, "Generative Adversarial Nets" (arXiv:1406.2661)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ganart.layers.heads.base import Head
from ganart.play import DiscriminatorOutput


class Plain(Head):
    """Features → one logit, [N], independent of the labels."""

    def __init__(self, linear: nn.Module, dim: int, label_sizes: Sequence[int] = ()) -> None:
        super().__init__()
        self.linear = linear

    def output(self, features: Tensor, labels: Tensor) -> DiscriminatorOutput:
        return DiscriminatorOutput((self.linear(features).squeeze(1),))
