"""Learning-rate schedules as pure functions of images seen, so that a resumed run needs no state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ganart.ranges import refuse_negative, refuse_unless_positive


class Schedule(Protocol):
    """A factor for the learning rates, usually in [0, 1], as a function of images seen."""

    def __call__(self, images_seen: int) -> float: ...


@dataclass(frozen=True, kw_only=True)
class _Ramped:
    """A rise to 1 over `warmup_images`, 1 until `start_images`, then a decay to `final` over `decay_images`."""

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
        warmup = min(1.0, (images_seen + 1) / (self.warmup_images + 1))
        progress = min(1.0, max(0.0, (images_seen - self.start_images) / self.decay_images))
        return warmup * (self.final + (1 - self.final) * self._shape(progress))

    def _shape(self, progress: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A constant 1, after a linear warm-up over `warmup_images`."""

    warmup_images: int = 0

    def __post_init__(self) -> None:
        refuse_negative("warmup_images", self.warmup_images)

    def __call__(self, images_seen: int) -> float:
        return min(1.0, (images_seen + 1) / (self.warmup_images + 1))


class Linear(_Ramped):
    """A linear decay to `final`."""

    def _shape(self, progress: float) -> float:
        return 1 - progress


class Cosine(_Ramped):
    """A decay to `final` by half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, without restarts)."""

    def _shape(self, progress: float) -> float:
        return 0.5 * (1 + math.cos(math.pi * progress))
