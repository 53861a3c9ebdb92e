"""Penalties on the discriminator: terms that are functions of the discriminator and of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganart.play import Pair, Play, Term, refuse_unless_period
from ganart.ranges import refuse_negative

Judge = Callable[[Tensor], Tensor]
"""Images [N, C, H, W] to the discriminator's logits [N], labels already filled in."""


@dataclass(frozen=True, kw_only=True)
class Penalty(Term):
    """A term of the discriminator's loss, or a constraint on its weights, computed in float32.

    A subclass implements `__call__` on images; as a term it is called with real and generated ones, without history.
    """

    full_precision: ClassVar[bool] = True

    strength: ClassVar[str | None] = None
    """For a penalty on ‖∇ₓ D(x)‖, the name of its argument for the strength, which the doctor reads and advises on."""

    every: int = 1

    def __post_init__(self) -> None:
        refuse_unless_period(self.every)
        if self.strength is not None:
            refuse_negative(self.strength, getattr(self, self.strength))

    def __call__(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        """Return the penalty per sample, [N], for images real and fake [N, C, H, W] (without gradient history)."""
        raise NotImplementedError

    def discriminator(self, pair: Pair, play: Play) -> Tensor | None:
        return self(lambda x: play.judge(x, pair.labels).logits, pair.real.float(), pair.fake.detach().float())


def squared_gradient_norm(judge: Judge, images: Tensor) -> Tensor:
    """Return ‖∇ₓ D(x)‖² per sample, [N], summed over channels and pixels; differentiable in the weights of D."""
    images = images.detach().requires_grad_()
    # The samples are independent, so the gradient of the sum of logits holds each sample's own gradient.
    (gradient,) = torch.autograd.grad(judge(images).sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1)
