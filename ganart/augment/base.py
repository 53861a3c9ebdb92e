"""The interface of augmentations, and the identity."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.ranges import is_number


class Augmentation(nn.Module):
    """A differentiable random transformation of real and generated samples in front of the discriminator.

    Each sample is transformed independently with probability `p`; at p = 0 all stay unchanged. The transformation does
    not leak into the generated samples if it is invertible as a map of distributions (Karras et al. 2020,
    arXiv:2006.06676, section 2.2). `p` is a buffer: saved, resumed, and logged as `augment/strength`.

    Args:
        p: probability of a transformation, 0 to 1.
        shared: whether the real and the generated sample of a pair get the same draw.
    """

    p: Tensor
    observes = False
    """True if `observe` is to be called, which costs a reduction over all processes after each update."""

    def __init__(self, *, p: float, shared: bool = False) -> None:
        super().__init__()
        if not is_number(p, float) or not 0 <= p <= 1:
            raise UserError(f"p={p} must be a probability from 0 to 1.")
        self.register_buffer("p", torch.tensor(float(p)))
        self.shared = shared

    @property
    def strength(self) -> Tensor | None:
        """The share of samples that a draw changes, []: logged as `augment/strength`; None to log nothing."""
        return self.p

    def draw(self, samples: Tensor) -> Any:
        """Draw the random parameters of `samples` [N, …] from torch's generator of their device."""
        raise NotImplementedError

    def apply_draw(self, samples: Tensor, draw: Any) -> Tensor:
        """Transform `samples` [N, …] with the parameters in `draw`."""
        raise NotImplementedError

    def forward(self, samples: Tensor, draw: Any = None) -> Tensor:
        """Transform `samples` [N, …] with `draw`, or with a new draw if it is None."""
        return self.apply_draw(samples, self.draw(samples) if draw is None else draw)

    def observe(self, sign: Tensor, images: int) -> None:
        """Adapt `p` to `sign`, the mean sign of D(real) over all processes after an update on `images` images."""


class NoAugmentation(Augmentation):
    """The identity."""

    def __init__(self) -> None:
        nn.Module.__init__(self)  # no buffer: there is nothing to save
        self.shared = False

    @property
    def strength(self) -> Tensor | None:
        return None

    def forward(self, samples: Tensor, draw: Any = None) -> Tensor:
        return samples
