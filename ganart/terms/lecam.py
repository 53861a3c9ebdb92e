"""LeCam regularization: Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data"."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.play import Pair, Play, Term
from ganart.ranges import refuse_negative


class LeCam(nn.Module, Term):
    """λ · (E(D(x) − α_F)² + E(D(G(z)) − α_R)²) for the discriminator (arXiv:2104.07542, eq. 4).

    α_R and α_F are moving averages of the mean logits of real and generated samples, initialised with the first batch
    and saved with the run. Pulling the two predictions together keeps a discriminator that memorises few training
    images from becoming certain of them.

    Args:
        weight: λ; 0.3 in the paper for BigGAN.
        decay: weight of the old averages in an update; 0.99 in the paper.
    """

    def __init__(self, *, weight: float, decay: float = 0.99) -> None:
        super().__init__()
        refuse_negative("weight", weight)
        if not 0 <= decay < 1:
            raise UserError(f"decay={decay} must be at least 0 and less than 1.")
        self.weight, self.decay = weight, decay
        self.register_buffer("anchors", torch.full((2,), torch.nan))
        self.anchors: Tensor
        """α_R and α_F; NaN before the first batch."""

    def discriminator(self, pair: Pair, play: Play) -> Tensor:
        assert pair.real_output is not None
        assert pair.fake_output is not None
        real, fake = pair.real_output.logits, pair.fake_output.logits
        with torch.no_grad():
            means = play.mean_of_processes(torch.stack([real.mean(), fake.mean()]))
            moved = torch.lerp(means, self.anchors, self.decay)
            self.anchors.copy_(torch.where(self.anchors.isnan(), means, moved))
        to_real, to_fake = self.anchors.clone()
        return self.weight * ((real - to_fake).square() + (fake - to_real).square())
