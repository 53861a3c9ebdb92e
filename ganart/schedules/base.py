"""The interface of schedules, and the base of those that decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ganart.ranges import refuse_negative, refuse_unless_positive


class Schedule(Protocol):
    """A factor for the learning rates, usually in [0, 1], as a function of images seen."""

    def __call__(self, images_seen: int) -> float: ...


@dataclass(frozen=True, kw_only=True)
class Ramped:
    """A rise to 1 over `warmup_images`, 1 until `start_images`, then a decay to `final` over `decay_images`.

    A subclass has the `shape` of the way down.
    """

    decay_images: int
    final: float = 0.0
    start_images: int = 0
    warmup_images: int = 0

    def __post_init__(self) -> None:
        refuse_unless_positive("decay_images", self.decay_images)
        refuse_negative("start_images", self.start_images)
        refuse_negative("warmup_images", self.warmup_images)
        refuse_negative("final", self.final)

    def __call__(self, images_seen: int) -> float:
        progress = min(1.0, max(0.0, (images_seen - self.start_images) / self.decay_images))
        return warmth(images_seen, self.warmup_images) * (self.final + (1 - self.final) * self.shape(progress))

    def shape(self, progress: float) -> float:
        """Return what is left, from 1 to 0, at `progress` from 0 to 1."""
        raise NotImplementedError


def warmth(images_seen: int, warmup_images: int) -> float:
    """Return the factor of a linear warm-up: 1 from `warmup_images` on, and never 0."""
    return min(1.0, (images_seen + 1) / (warmup_images + 1))
