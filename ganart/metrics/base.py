"""The interface of scores: from features of real and generated images to numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganart.metrics.gaussian import Gaussian
from ganart.metrics.neighbours import nearest


@dataclass(frozen=True)
class Features:
    """Features and labels of one side of a comparison, real or generated images, one per row."""

    features: Tensor
    """float32 [N, D]."""

    logits: Tensor
    """float32 [N, K], for the network's own classes; K is 0 for a network without classes."""

    labels: Tensor
    """int64 [N, F]: labels of real images, conditioning labels of generated ones; −1 where unknown."""

    recognised: Tensor
    """int64 [N, F]: labels recognised by a classifier; F is 0 without a classifier."""

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: Tensor | slice) -> Features:
        """Return the images at `rows`."""
        return Features(self.features[rows], self.logits[rows], self.labels[rows], self.recognised[rows])

    def to(self, device: torch.device | str) -> Features:
        columns = (self.features, self.logits, self.labels, self.recognised)
        return Features(*(column.to(device) for column in columns))


@dataclass(frozen=True)
class Value:
    """One number of a score; `std` is its standard deviation over subsets, splits or folds, if the score has one."""

    key: str
    value: float
    std: float | None = None


@dataclass
class Comparison:
    """Features of real and generated images, with quantities that several scores need, computed once."""

    real: Features
    fake: Features
    _radii: dict[str, Tensor] = field(default_factory=dict)

    @cached_property
    def real_gaussian(self) -> Gaussian:
        """The Gaussian fitted to the real features, in float64."""
        return Gaussian.of(in_double(self.real.features))

    def radii(self, side: str, k: int) -> Tensor:
        """Return the distance of each image of `side` (real or fake) to its k-th nearest other one, [N]."""
        features = (self.real if side == "real" else self.fake).features
        if side not in self._radii or self._radii[side].shape[1] < k:
            wanted = min(max(k, USUAL_NEIGHBOURS), len(features) - 1)
            self._radii[side] = nearest(features, features, wanted, same=True)[0]
        return self._radii[side][:, k - 1]


USUAL_NEIGHBOURS = 5


class Score(ABC):
    """One or more numbers about generated images, computed from features that are extracted once for all scores.

    A subclass is a frozen dataclass whose fields are its settings: equal instances compute the same.
    """

    keys: ClassVar[tuple[str, ...]]
    """Names of its values with Inception features, for example `fid`, or `precision` and `recall`."""

    lower_is_better: ClassVar[bool] = True

    fewest: ClassVar[int] = 2
    """The least number of images on each side."""

    @abstractmethod
    def compute(self, sides: Comparison) -> list[Value]:
        """Return a value for each of `keys`; an empty list if the feature network does not allow them."""

    def protocol(self, num_images: int) -> dict[str, Any]:
        """Return the score's own settings for the protocol, as used with `num_images` images."""
        return {}


def in_double(features: Tensor) -> Tensor:
    """Return features in float64, on the CPU if the device is an Apple GPU, which lacks it."""
    return (features.cpu() if features.device.type == "mps" else features).double()


class Ready(nn.Identity):
    """An identity in the place of torchmetrics' feature network, for extracted features."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features
