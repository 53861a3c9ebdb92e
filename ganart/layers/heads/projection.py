"""The projection head: Miyato and Koyama 2018, "cGANs with Projection Discriminator" (arXiv:1802.05637)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from ganart.layers.conditioning import LabelEmbedding
from ganart.layers.heads.base import Head
from ganart.play import DiscriminatorOutput


class Projection(Head):
    """Features → one logit plus ⟨features, embedding of the labels⟩ (eq. 3), [N].

    The inner product is divided by √dim, so that both terms begin at the same scale. Without labels it is left out.
    """

    def __init__(self, linear: nn.Module, dim: int, label_sizes: Sequence[int]) -> None:
        super().__init__()
        self.linear = linear
        self.embedding = LabelEmbedding(label_sizes, dim)
        self.dim = dim

    def output(self, features: Tensor, labels: Tensor) -> DiscriminatorOutput:
        logits = self.linear(features).squeeze(1)
        if self.embedding.sizes:
            logits = logits + (features * self.embedding(labels)).sum(1) / math.sqrt(self.dim)
        return DiscriminatorOutput((logits,))
