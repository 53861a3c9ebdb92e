"""The interface of augmentations, and the one that changes nothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.ranges import is_number


class Augmentation(nn.Module):
    """A random transformation of samples in front of the discriminator, differentiable, of real ones and fakes alike.

    Each sample is transformed with probability `p`, on its own; at p = 0 every sample stays as it is. What the
    generator learns leaks nothing of the transformation as long as it is invertible as a map of distributions (Karras
    et al. 2020, arXiv:2006.06676, section 2.2). `p` is a buffer: saved, resumed, and logged as `augment/strength`.

    Args:
        p: probability of a transformation, 0 to 1.
        shared: whether the real and the generated sample of a pair get the same draw.
    """

    p: Tensor
    observes = False
    """Whether `observe` wants to be called: it costs a word from all processes after each update."""

    def __init__(self, *, p: float, shared: bool = False) -> None:
        super().__init__()
        if not is_number(p, float) or not 0 <= p <= 1:
            raise UserError(f"p={p} must be a probability from 0 to 1.")
        self.register_buffer("p", torch.tensor(float(p)))
        self.shared = shared

    @property
    def strength(self) -> Tensor | None:
        """Return what is logged as `augment/strength`, []; None if there is nothing to log."""
        return self.p

    def draw(self, samples: Tensor) -> Any:
        """Draw what will happen to each of `samples` [N, …], from torch's generator of their device."""
        raise NotImplementedError

    def apply_draw(self, samples: Tensor, draw: Any) -> Tensor:
        """Transform `samples` [N, …] as `draw` says."""
        raise NotImplementedError

    def forward(self, samples: Tensor, draw: Any = None) -> Tensor:
        """Transform `samples` [N, …] by `draw`, or by a draw of their own."""
        return self.apply_draw(samples, self.draw(samples) if draw is None else draw)

    def observe(self, sign: Tensor, images: int) -> None:
        """Take the mean sign of D(real) over all processes after an update on `images` images; controls `p`."""


class NoAugmentation(Augmentation):
    """Samples as they are."""

    def __init__(self) -> None:
        nn.Module.__init__(self)  # no buffer: there is nothing to save
        self.shared = False

    @property
    def strength(self) -> Tensor | None:
        return None

    def forward(self, samples: Tensor, draw: Any = None) -> Tensor:
        return samples
