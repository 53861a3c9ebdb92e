"""Spaces for comparing pictures, each invariant to some changes: mirroring, crops, tones, colours.

Training images are compared as they are and in crops, generated pictures as they are and mirrored, so that a mirrored
or cropped copy still matches its original.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import product
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from ganart.datasets.base import PictureSet, Split
from ganart.features import FeatureNetwork, extract, pictures_at_once
from ganart.features.base import code_of
from ganart.images import area_means, as_grey
from ganart.originality.kept import kept

SIDE = 16
"""Cells across and down that a picture is averaged over: keeps composition, drops brushwork and noise."""

SCALES = (0.96, 0.92, 0.88, 0.84, 0.8)
PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
Window = tuple[float, float, float]
"""A crop: the kept share of the sides, and its position in the remaining space, down and across, each 0 to 1."""

WINDOWS: tuple[Window, ...] = ((1.0, 0.0, 0.0), *product(SCALES, PLACES, PLACES))


class Space(ABC):
    """A mapping from pictures to vectors whose distances measure similarity."""

    name: ClassVar[str]
    forgets: ClassVar[str]
    """The changes that the space is invariant to, in words for reports."""

    def prepare(self, pictures: PictureSet) -> None:  # noqa: B027 — most have nothing to prepare
        """Prepare for the training images of `pictures`."""

    def key(self) -> str:
        """Return all that distances in this space depend on, as text."""
        return f"{self.name} {SIDE} {WINDOWS}"

    @abstractmethod
    def originals(self, works: Split, indices: np.ndarray) -> Iterator[Tensor]:
        """Yield vectors [N, D] of the training images at `indices`, once per crop that a copy may show."""

    @abstractmethod
    def copies(self, pictures: np.ndarray) -> Iterator[Tensor]:
        """Yield vectors [N, D] of uint8 [N, H, W, C], as they are and mirrored."""


class Cells(Space):
    """Spaces on grey means over cells; a subclass turns these into vectors."""

    def originals(self, works: Split, indices: np.ndarray) -> Iterator[Tensor]:
        grey = as_grey(works.pictures(indices))
        for window in WINDOWS:
            yield self.describe(cells(grey, window))

    def copies(self, pictures: np.ndarray) -> Iterator[Tensor]:
        small = cells(as_grey(pictures), WINDOWS[0])
        yield self.describe(small)
        yield self.describe(small.flip(2))

    @abstractmethod
    def describe(self, small: Tensor) -> Tensor:
        """Turn grey cells [N, 16, 16] into unit vectors [N, D]."""


class Tones(Cells):
    """Relative lightness of the cells, invariant to brightness, contrast and colour."""

    name = "tones"
    forgets = "mirroring, crops down to 80 %, brightness, contrast, colour, small noise"

    def describe(self, small: Tensor) -> Tensor:
        flat = small.flatten(1)
        return normalize(flat - flat.mean(dim=1, keepdim=True))


class Outlines(Cells):
    """Strength of edges between cells, without their sign: invariant to re-colouring and negatives."""

    name = "outlines"
    forgets = "mirroring, crops down to 80 %, re-colouring, negatives"

    def describe(self, small: Tensor) -> Tensor:
        across = small[:, :, 1:] - small[:, :, :-1]
        down = small[:, 1:, :] - small[:, :-1, :]
        edges = torch.cat([across.abs().flatten(1), down.abs().flatten(1)], dim=1).sqrt()
        return normalize(edges - edges.mean(dim=1, keepdim=True))


class FeatureSpace(Space):
    """Features of the scores' feature network; those of training images are cached on disk."""

    name = "features"
    forgets = "mirroring, and whatever the network does not look at"

    def __init__(self, network: FeatureNetwork, device: torch.device) -> None:
        self.network = network
        self.works = torch.empty(0)  # features of the training pictures, [N, D]
        self._device = device

    def key(self) -> str:
        return json.dumps([self.name, code_of(self.network), self.network.protocol()], sort_keys=True)

    def prepare(self, pictures: PictureSet) -> None:
        what = [code_of(self.network), pictures.split_hash, self.network.protocol(), "all training pictures, as seen"]
        key = json.dumps(what, sort_keys=True)
        self.works = kept(key, lambda: self.seen(pictures.train.pictures(np.arange(len(pictures.train)))))

    def originals(self, works: Split, indices: np.ndarray) -> Iterator[Tensor]:
        yield normalize(self.works[indices])

    def copies(self, pictures: np.ndarray) -> Iterator[Tensor]:
        yield normalize(self.seen(pictures))
        yield normalize(self.seen(pictures[:, :, ::-1]))

    def seen(self, pictures: np.ndarray) -> Tensor:
        """Extract features [N, D] of uint8 [N, H, W, C], not normalised."""
        batches = torch.from_numpy(pictures.copy()).split(pictures_at_once(*pictures.shape[1:3]))
        return torch.cat([extract(self.network, batch, self._device)[0].cpu() for batch in batches])


def cells(grey: Tensor, window: Window) -> Tensor:
    """Return the means of grey [N, H, W] over 16 × 16 cells of a window, [N, 16, 16]."""
    scale, down, across = window
    rows, columns = (
        area_means(size, SIDE, begin=(1 - scale) * size * place, length=scale * size)
        for size, place in zip(grey.shape[1:], (down, across), strict=True)
    )
    return rows @ grey @ columns.T
