"""The head of an AC-GAN: Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs"."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ganart.layers.heads.base import Head
from ganart.play import DiscriminatorOutput


class AuxiliaryClassifier(Head):
    """Features → one logit, [N], and class logits [N, K_f] for each label factor f (arXiv:1610.09585).

    The logit does not depend on the labels; the term `auxiliary_classifier` conditions the players.
    """

    def __init__(self, linear: nn.Module, dim: int, label_sizes: Sequence[int]) -> None:
        super().__init__()
        self.linear = linear
        self.classifiers = nn.ModuleList(nn.Linear(dim, size) for size in label_sizes)

    def output(self, features: Tensor, labels: Tensor) -> DiscriminatorOutput:
        class_logits = tuple(classifier(features) for classifier in self.classifiers)
        return DiscriminatorOutput((self.linear(features).squeeze(1),), class_logits=class_logits)
