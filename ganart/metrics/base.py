"""What a score is: the features of real and of generated pictures in, numbers out."""

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
    """One side of a comparison, as the feature network saw it: real pictures or generated ones, one a row."""

    features: Tensor
    """float32 [N, D]."""

    logits: Tensor
    """float32 [N, K], of the network's own classes; K is 0 for a network without classes."""

    labels: Tensor
    """int64 [N, F]: of real pictures their own, of generated ones what the generator was told; −1 where unknown."""

    recognised: Tensor
    """int64 [N, F]: what a classifier of the data set's labels takes the pictures for; F is 0 where there is none."""

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: Tensor | slice) -> Features:
        """The pictures at `rows`."""
        return Features(self.features[rows], self.logits[rows], self.labels[rows], self.recognised[rows])

    def to(self, device: torch.device | str) -> Features:
        columns = (self.features, self.logits, self.labels, self.recognised)
        return Features(*(column.to(device) for column in columns))


@dataclass(frozen=True)
class Value:
    """One number of a score. `std` is the deviation that the score itself can tell: over subsets, splits or folds."""

    key: str
    value: float
    std: float | None = None


@dataclass
class Comparison:
    """Real against generated pictures, with what several scores need of them computed once."""

    real: Features
    fake: Features
    _radii: dict[str, Tensor] = field(default_factory=dict)

    @cached_property
    def real_gaussian(self) -> Gaussian:
        """Fitted to the real features, in float64."""
        return Gaussian.of(in_double(self.real.features))

    def radii(self, side: str, k: int) -> Tensor:
        """Distance of each picture of `side` (real or fake) to its k-th nearest other one, [N]."""
        features = (self.real if side == "real" else self.fake).features
        if side not in self._radii or self._radii[side].shape[1] < k:
            wanted = min(max(k, USUAL_NEIGHBOURS), len(features) - 1)
            self._radii[side] = nearest(features, features, wanted, same=True)[0]
        return self._radii[side][:, k - 1]


USUAL_NEIGHBOURS = 5


class Score(ABC):
    """Numbers about generated pictures, on features that were extracted once for all scores.

    A subclass is a frozen dataclass: its fields are its settings, and two of them that are equal compute the same.
    """

    keys: ClassVar[tuple[str, ...]]
    """What its values are called with Inception features: `fid`, say, or `precision` and `recall`."""

    lower_is_better: ClassVar[bool] = True

    fewest: ClassVar[int] = 2
    """How many pictures each side must have."""

    @abstractmethod
    def compute(self, sides: Comparison) -> list[Value]:
        """Return a value for each of `keys`, or none where this network cannot give them."""

    def protocol(self, num_images: int) -> dict[str, Any]:
        """What of the settings belongs to the protocol of this score alone, as it is used at that many pictures."""
        return {}


def in_double(features: Tensor) -> Tensor:
    """In float64, where the device has it: Apple's GPUs have not."""
    return (features.cpu() if features.device.type == "mps" else features).double()


class Ready(nn.Identity):
    """Stands where torchmetrics expects the network: the features come ready."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features
