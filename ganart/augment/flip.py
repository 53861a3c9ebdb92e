"""Horizontal flips: the first of the pixel blitting operations of Karras et al. 2020 (arXiv:2006.06676), figure 4a."""

from __future__ import annotations

import torch
from torch import Tensor

from ganart.augment.base import Augmentation


class Flip(Augmentation):
    """A horizontal flip of each image [N, C, H, W] with probability p / 2.

    With p = 1 an image and its mirror image are equally likely. It harms data with an orientation, such as writing,
    digits and portraits lit from one side.
    """

    @property
    def strength(self) -> Tensor:
        """The share of images that are mirrored, []: at most one half, so that the sides stay a matter of chance."""
        return self.p / 2

    def draw(self, samples: Tensor) -> Tensor:
        """Return a mask of the images to flip, bool [N, 1, 1, 1]."""
        return torch.rand(len(samples), 1, 1, 1, device=samples.device) < self.p / 2

    def apply_draw(self, samples: Tensor, draw: Tensor) -> Tensor:
        return torch.where(draw, samples.flip(3), samples)
