"""A constant rate after a warm-up: Goyal et al. 2017, "Accurate, Large Minibatch SGD" (arXiv:1706.02677), sec. 2.2."""

from __future__ import annotations

from dataclasses import dataclass

from ganart.ranges import refuse_negative
from ganart.schedules.base import warmth


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A constant 1, after a linear warm-up over `warmup_images`."""

    warmup_images: int = 0

    def __post_init__(self) -> None:
        refuse_negative("warmup_images", self.warmup_images)

    def __call__(self, images_seen: int) -> float:
        return warmth(images_seen, self.warmup_images)
