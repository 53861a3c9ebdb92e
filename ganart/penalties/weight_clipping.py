"""Weight clipping: Arjovsky et al. 2017, "Wasserstein GAN" (arXiv:1701.07875), Algorithm 1."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganart.penalties.base import Judge, Penalty
from ganart.ranges import refuse_unless_positive


@dataclass(frozen=True, kw_only=True)
class WeightClipping(Penalty):
    """w ← clip(w, −c, c) after each discriminator update, a crude Lipschitz constraint; adds nothing to the loss."""

    limit: float

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_unless_positive("limit", self.limit)

    def __call__(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        return real.new_zeros(len(real))

    @torch.no_grad()
    def constrain(self, discriminator: nn.Module) -> None:
        for parameter in discriminator.parameters():
            if parameter.requires_grad:  # a frozen backbone stays as it is
                parameter.clamp_(-self.limit, self.limit)
