"""What a score is: real and generated features in, a number out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn


class Score(ABC):
    """One number about generated pictures, by torchmetrics, on features that were extracted once for all scores.

    `compute` may take part in a collective over all processes: every rank must call it.
    """

    key: ClassVar[str]
    """`fid`, `kid` or `is`: what it is called with Inception features."""

    lower_is_better: ClassVar[bool]

    def settings(self) -> dict[str, Any]:
        """What belongs to the protocol of this score alone, as it was used."""
        return {}

    @abstractmethod
    def reset(self, num_features: int, num_images: int, device: str, *, synchronize: bool) -> None:
        """Forget everything and get ready for `num_images` features on each side, over all processes or in this one."""

    @abstractmethod
    def update(self, features: Tensor, logits: Tensor, *, real: bool) -> None:
        """Take a batch of features [N, D] and logits [N, K]."""

    @abstractmethod
    def compute(self) -> tuple[float, float | None]:
        """Return the value and, where the score has one, its standard deviation over subsets or splits."""


class Features(nn.Identity):
    """Stands where torchmetrics expects the network: the features come ready."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features
