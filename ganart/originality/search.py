"""The search for the nearest training images in one space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ganart.datasets.base import Split
from ganart.originality.spaces import Space

BLOCK = 1000

Advance = Callable[[int], None]
"""A callback that gets the number of training images compared since the last call."""


def ignored(count: int) -> None:
    """Do nothing."""


def nearest_works(
    space: Space,
    pictures: np.ndarray,
    works: Split,
    k: int,
    themselves: np.ndarray | None = None,
    advance: Advance = ignored,
) -> tuple[Tensor, Tensor]:
    """Return ascending distances [M, k] and positions [M, k] of the `works` (training images) nearest to each picture.

    The distance of a pair is the least over all variants of the picture (`Space.copies`) and of the training image
    (`Space.originals`). `themselves` holds the positions [M] of pictures that are training images, which are then not
    compared with themselves. `advance` is called with the number of training images compared since its last call.
    Distances come from cosines in float32: below 0.003 they are rounding errors.
    """
    turned = list(space.copies(pictures))
    best = torch.full((len(pictures), k), torch.inf)
    where = torch.zeros((len(pictures), k), dtype=torch.int64)
    own = None if themselves is None else torch.from_numpy(themselves)
    for start in range(0, len(works), BLOCK):
        indices = np.arange(start, min(start + BLOCK, len(works)))
        cosine = torch.full((len(pictures), len(indices)), -1.0)
        for shown in space.originals(works, indices):
            for queries in turned:
                torch.maximum(cosine, queries @ shown.T, out=cosine)
        apart = (2 - 2 * cosine).clamp_(min=0).sqrt_()  # of unit vectors
        if own is not None:
            inside = (own >= start) & (own < start + len(indices))
            apart[inside.nonzero().flatten(), own[inside] - start] = torch.inf
        best, where = _merged(best, where, apart, start, k)
        advance(len(indices))
    return best, where


def _merged(best: Tensor, where: Tensor, apart: Tensor, start: int, k: int) -> tuple[Tensor, Tensor]:
    positions = torch.arange(start, start + apart.shape[1]).expand(len(apart), -1)
    both, places = torch.cat([best, apart], dim=1), torch.cat([where, positions], dim=1)
    smallest = both.topk(k, dim=1, largest=False)
    return smallest.values, places.gather(1, smallest.indices)
