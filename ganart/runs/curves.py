"""`metrics.csv` as curves over images seen, thinned so that a page can hold them."""

from __future__ import annotations

import csv
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganart.files.tables import unescaped
from ganart.numbers import within

CLOCK = "images_seen"

LATEST = 1e15
"""More images than anybody will train on: rows that say so are left out."""

MOST_CURVES = 1000
"""Columns beyond these are left out: each is drawn, and ganart itself logs some dozens."""


@dataclass(frozen=True)
class Curve:
    """One quantity of one run: float64 [N] each, x ascending as logged; a y that is not finite is a gap."""

    x: np.ndarray
    y: np.ndarray

    @property
    def finite(self) -> np.ndarray:
        """The values that are numbers, [≤ N]."""
        return self.y[np.isfinite(self.y)]

    def between(self, first: float, end: float) -> Curve:
        """Its points from `first` on, before `end`."""
        kept = (self.x >= first) & (self.x < end)
        return Curve(self.x[kept], self.y[kept])


def read_curves(file: Path) -> dict[str, Curve]:
    """Every column of `file` that holds a number; {} where there is no such file.

    A run may be writing it just now: its last line counts only once it is whole. Cells that are no numbers are left
    out; `nan` and `inf` are kept as gaps.
    """
    columns: dict[str, tuple[array[float], array[float]]] = defaultdict(lambda: (array("d"), array("d")))
    for row in _rows(file):
        try:
            seen = float(int(row.pop(CLOCK)))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if not 0 <= seen < LATEST:
            continue
        for name, cell in row.items():
            try:
                value = within(float(cell))
            except (TypeError, ValueError):
                continue
            if name not in columns and len(columns) == MOST_CURVES:
                continue
            x, y = columns[name]
            x.append(seen)
            y.append(value)
    return {unescaped(name): Curve(np.array(x), np.array(y)) for name, (x, y) in columns.items()}


def _rows(file: Path) -> Iterator[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8", errors="replace") as stream:
            yield from csv.DictReader(_whole_lines(stream), restkey="")
    except (OSError, csv.Error):
        return


def _whole_lines(lines: Iterator[str]) -> Iterator[str]:
    return (line for line in lines if line.endswith("\n"))


def mean_and_deviation(curves: Sequence[Curve]) -> tuple[Curve, Curve]:
    """The mean of several runs' curves and its sample deviation (n − 1), at the places of the coarsest of them.

    The others are interpolated there, and only where all of them have values: from the latest beginning to the
    earliest end. Where one has a gap the mean has one too.
    """
    first, last = max(curve.x[0] for curve in curves), min(curve.x[-1] for curve in curves)
    x = min((curve.x for curve in curves), key=len)
    x = x[(x >= first) & (x <= last)]
    rows = np.stack([np.interp(x, curve.x, curve.y) for curve in curves])
    return Curve(x, rows.mean(0)), Curve(x, rows.std(0, ddof=1))


def thin(curve: Curve, most: int) -> Curve:
    """At most `most` (≥ 5) points of `curve`: its ends, and of equal blocks the extremes and a gap each."""
    count = len(curve.x)
    if count <= most:
        return curve
    kept = {0, count - 1}
    for block in np.array_split(np.arange(count), (most - 2) // 3):
        values = curve.y[block]
        is_finite = np.isfinite(values)
        if is_finite.any():
            kept.add(int(block[np.where(is_finite, values, np.inf).argmin()]))
            kept.add(int(block[np.where(is_finite, values, -np.inf).argmax()]))
        if not is_finite.all():
            kept.add(int(block[is_finite.argmin()]))
    rows = sorted(kept)
    return Curve(curve.x[rows], curve.y[rows])
