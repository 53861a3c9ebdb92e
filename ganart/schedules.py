"""Numbers that move with the clock: a schedule is a function of images seen, so a resumed run needs no state of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ganart.ranges import refuse_negative, refuse_unless_positive


class Schedule(Protocol):
    """A factor, usually in [0, 1], for the learning rates."""

    def __call__(self, images_seen: int) -> float: ...


@dataclass(frozen=True, kw_only=True)
class _Ramped:
    """Up to 1 over `warmup_images`, 1 until `start_images`, then to `final` over `decay_images`, then constant."""

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
    """1 all the way, after a linear warm-up over `warmup_images`."""

    warmup_images: int = 0

    def __post_init__(self) -> None:
        refuse_negative("warmup_images", self.warmup_images)

    def __call__(self, images_seen: int) -> float:
        return min(1.0, (images_seen + 1) / (self.warmup_images + 1))


class Linear(_Ramped):
    """A straight line down to `final`."""

    def _shape(self, progress: float) -> float:
        return 1 - progress


class Cosine(_Ramped):
    """Half a cosine down to `final` (Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, without restarts)."""

    def _shape(self, progress: float) -> float:
        return 0.5 * (1 + math.cos(math.pi * progress))
