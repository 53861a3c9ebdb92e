"""Axes: positions of numbers, and ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ganart.numbers import compact

LOG_FROM = 100.0
"""Ratio of the largest to the smallest positive value from which an axis is logarithmic."""


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high` in values, from `start` to `end` in units of the drawing (y increases downwards)."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    @classmethod
    def fitting(cls, values: Iterable[float], start: float, end: float, *, may_be_log: bool = True) -> Axis:
        """Build an axis that fits all finite `values`; from 0 to 1 if there are none."""
        finite = [float(value) for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if may_be_log and low > 0 and high / low >= LOG_FROM:
            return cls(low, high, start, end, is_log=True)
        margin = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
        # Values that are never negative need no room below zero.
        return cls(low - margin if low < 0 or low > margin else min(low, 0.0), high + margin, start, end)

    def place(self, value: float) -> float:
        """Return the position of `value`, to a tenth of a unit."""
        low, high, at = self.low, self.high, value
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return round(self.start + (at - low) / (high - low) * (self.end - self.start), 1)

    def holds(self, value: float) -> bool:
        """Return whether `value` can be placed: finite, and positive on a log axis."""
        return math.isfinite(value) and (value > 0 or not self.is_log)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Positions and texts of round numbers."""
        values = self._decades() if self.is_log else self._round_numbers()
        # Four digits cannot distinguish the ticks of an axis from 1.00004 to 1.00006.
        texts = next(t for d in (4, 6, 9, 17) if len(set(t := [compact(v, d) for v in values])) == len(t) or d == 17)
        return [(self.place(value), text) for value, text in zip(values, texts, strict=True)]

    def _round_numbers(self, about: int = 4) -> list[float]:
        """Return multiples of 1, 2 or 5 × 10ⁿ."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{index * step:.12g}") for index in range(first, last + 1)]

    def _decades(self, most: int = 5) -> list[float]:
        """Return powers of ten, only every second or third if there are many; also their 2- and 5-fold if few."""
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        powers = [10.0**power for power in range(first, last + 1, max(1, math.ceil((last - first + 1) / most)))]
        if len(powers) > 2:
            return powers
        around = range(math.floor(math.log10(self.low)), last + 1)
        between = [float(f"{digit}e{power}") for power in around for digit in (1, 2, 5)]
        return [value for value in between if self.low <= value * (1 + 1e-9) and value <= self.high * (1 + 1e-9)]
