"""Spaces in which pictures are compared: each forgets what a copyist might change, and keeps what makes a picture.

Training pictures are seen as they are and in crops, generated ones as they are and mirrored, so that a copy that was
mirrored, cropped or both still meets its original.
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
from ganart.originality.kept import kept

SIDE = 16
"""Cells across and down that a picture is reduced to: composition stays, brushwork and noise go."""

SCALES = (0.96, 0.92, 0.88, 0.84, 0.8)
PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
Window = tuple[float, float, float]
"""A crop: the share of the sides that is kept, and where in the rest it lies, down and across, from 0 to 1."""

WINDOWS: tuple[Window, ...] = ((1.0, 0.0, 0.0), *product(SCALES, PLACES, PLACES))


class Space(ABC):
    """Turns pictures into vectors whose distances say how alike they are."""

    name: ClassVar[str]
    forgets: ClassVar[str]
    """What a copy may differ in without being further away, for people who read a report."""

    def prepare(self, pictures: PictureSet) -> None:  # noqa: B027 — most have nothing to prepare
        """Get ready for the training pictures of `pictures`."""

    def key(self) -> str:
        """What of the space its distances depend on."""
        return f"{self.name} {SIDE} {WINDOWS}"

    @abstractmethod
    def originals(self, works: Split, indices: np.ndarray) -> Iterator[Tensor]:
        """Yield vectors [N, D] of training pictures for each way in which a copy may show them."""

    @abstractmethod
    def copies(self, pictures: np.ndarray) -> Iterator[Tensor]:
        """Yield vectors [N, D] of uint8 [N, H, W, C] for each way in which a copy may be turned."""


class Cells(Space):
    """Grey means over cells; what is done with them is a subclass's business."""

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
    """Light and dark, without brightness, contrast and colour."""

    name = "tones"
    forgets = "mirroring, crops down to 80 %, brightness, contrast, colour, small noise"

    def describe(self, small: Tensor) -> Tensor:
        flat = small.flatten(1)
        return normalize(flat - flat.mean(dim=1, keepdim=True))


class Outlines(Cells):
    """Where edges run, without which side of them is the lighter: also a negative, or other colours, are the same."""

    name = "outlines"
    forgets = "mirroring, crops down to 80 %, re-colouring, negatives"

    def describe(self, small: Tensor) -> Tensor:
        across = small[:, :, 1:] - small[:, :, :-1]
        down = small[:, 1:, :] - small[:, :-1, :]
        edges = torch.cat([across.abs().flatten(1), down.abs().flatten(1)], dim=1).sqrt()
        return normalize(edges - edges.mean(dim=1, keepdim=True))


class FeatureSpace(Space):
    """What the feature network of the scores sees. Features of training pictures are kept on disk."""

    name = "features"
    forgets = "mirroring, and whatever the network does not look at"

    def __init__(self, network: FeatureNetwork, device: torch.device) -> None:
        self.network = network
        self.works = torch.empty(0)  # features of the training pictures, [N, D]
        self._device = device

    def key(self) -> str:
        return json.dumps([self.name, self.network.protocol()], sort_keys=True)

    def prepare(self, pictures: PictureSet) -> None:
        key = json.dumps(
            [pictures.split_hash, self.network.protocol(), "all training pictures, as seen"], sort_keys=True
        )
        self.works = kept(key, lambda: self.seen(pictures.train.pictures(np.arange(len(pictures.train)))))

    def originals(self, works: Split, indices: np.ndarray) -> Iterator[Tensor]:
        yield normalize(self.works[indices])

    def copies(self, pictures: np.ndarray) -> Iterator[Tensor]:
        yield normalize(self.seen(pictures))
        yield normalize(self.seen(pictures[:, :, ::-1]))

    def seen(self, pictures: np.ndarray) -> Tensor:
        """Turn uint8 [N, H, W, C] into the features [N, D] that scores compare, of any length."""
        batches = torch.from_numpy(pictures.copy()).split(pictures_at_once(*pictures.shape[1:3]))
        return torch.cat([extract(self.network, batch, self._device)[0].cpu() for batch in batches])


def as_grey(pictures: np.ndarray) -> Tensor:
    """Turn uint8 [N, H, W, 1|3|4] into luminance in [0, 1], float32 [N, H, W]; what is transparent lies on white."""
    floats = torch.from_numpy(pictures.astype(np.float32)) / 255
    if floats.shape[3] == 1:
        return floats[..., 0]
    grey = floats[..., :3] @ torch.tensor([0.299, 0.587, 0.114])  # ITU-R BT.601
    return grey * floats[..., 3] + 1 - floats[..., 3] if floats.shape[3] == 4 else grey


def cells(grey: Tensor, window: Window) -> Tensor:
    """The means of grey [N, H, W] over 16 × 16 cells of a window, [N, 16, 16]."""
    scale, down, across = window
    rows, columns = (_means(size, scale, place) for size, place in zip(grey.shape[1:], (down, across), strict=True))
    return rows @ grey @ columns.T


def _means(size: int, scale: float, place: float) -> Tensor:
    """The matrix [16, size] that takes the means over 16 equal stretches of a part of `size` pixels."""
    begin = (1 - scale) * size * place
    edges = torch.linspace(begin, begin + scale * size, SIDE + 1)
    pixels = torch.arange(size)
    covered = torch.minimum(edges[1:, None], pixels + 1.0) - torch.maximum(edges[:-1, None], pixels.float())
    return covered.clamp(min=0) / (scale * size / SIDE)
