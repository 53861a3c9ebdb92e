"""The auxiliary classifier's loss: Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs"."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganart.errors import UserError
from ganart.play import DiscriminatorOutput, Pair, Play, Term, refuse_unless_period
from ganart.ranges import refuse_negative


@dataclass(frozen=True, kw_only=True)
class AuxiliaryClassifier(Term):
    """λ · E[−log P(c | x)] for both players (arXiv:1610.09585, eq. 3), which makes the class of fakes recognisable.

    The discriminator needs a head with class logits (`head@architecture.discriminator.head=auxiliary_classifier`).
    With several factors the losses are summed; an unknown label costs nothing, a blend is a soft target.

    Args:
        weight: λ.
        learns_from_fakes: whether the discriminator's classifier learns from generated samples too, as in the paper.
        every: period of the term, in updates of a player.
    """

    weight: float
    learns_from_fakes: bool = True
    every: int = 1

    def __post_init__(self) -> None:
        refuse_unless_period(self.every)
        refuse_negative("weight", self.weight)

    def discriminator(self, pair: Pair, play: Play) -> Tensor:
        of_real = class_loss(pair.real_output, pair.labels)
        return self.weight * (
            of_real + class_loss(pair.fake_output, pair.labels) if self.learns_from_fakes else of_real
        )

    def generator(self, pair: Pair, play: Play) -> Tensor:
        return self.weight * class_loss(pair.fake_output, pair.labels)


def class_loss(output: DiscriminatorOutput | None, labels: Tensor) -> Tensor:
    """Return the cross-entropy with label weights [N, ΣK], summed over factors, [N].

    Raises:
        UserError: if the output has no class logits, because the head has none or there are no labels.
    """
    assert output is not None
    if not output.class_logits:
        raise UserError(
            "auxiliary_classifier needs labels (dataset.condition=[style]) and a discriminator with a classifier: "
            "head@architecture.discriminator.head=auxiliary_classifier"
        )
    targets = labels.split([logits.shape[1] for logits in output.class_logits], dim=1)
    pairs = zip(output.class_logits, targets, strict=True)
    return torch.stack([-(target * logits.log_softmax(1)).sum(1) for logits, target in pairs]).sum(0)
