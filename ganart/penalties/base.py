"""What a penalty on the discriminator is, and the gradient that most of them look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.ranges import is_number, refuse_negative

ADVERSARIAL = "adversarial"
"""What the loss gives is called so beside the penalties, which therefore cannot be."""

Judge = Callable[[Tensor], Tensor]
"""Images [N, C, H, W] to the discriminator's logits [N], labels already filled in."""


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """A term added to the discriminator's loss, or a constraint on its weights.

    With `every: k` it is evaluated at each k-th discriminator update only, times k, so that its mean strength does not
    depend on k ("lazy regularization", Karras et al. 2020, arXiv:1912.04958, section 3.1). It is computed in float32.
    """

    strength: ClassVar[str | None] = None
    """Of a penalty on ‖∇ₓ D(x)‖: the argument that says how strong it is, for the doctor to read and to turn."""

    every: int = 1

    def __post_init__(self) -> None:
        if not is_number(self.every, int) or self.every < 1:
            raise UserError(f"every={self.every} is not a number of discriminator updates. Use every=1 or more.")
        if self.strength is not None:
            refuse_negative(self.strength, getattr(self, self.strength))

    def __call__(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        """Return the penalty per sample, [N], for images real and fake [N, C, H, W] (without gradient history)."""
        raise NotImplementedError

    def constrain(self, discriminator: nn.Module) -> None:
        """Change the discriminator's weights in place after its update; most penalties do not."""


def squared_gradient_norm(judge: Judge, images: Tensor) -> Tensor:
    """‖∇ₓ D(x)‖² per sample, [N], summed over channels and pixels and differentiable in the discriminator's weights."""
    images = images.detach().requires_grad_()
    # The samples are independent, so the gradient of the sum of logits holds each sample's own gradient.
    (gradient,) = torch.autograd.grad(judge(images).sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1)
