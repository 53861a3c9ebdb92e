"""Curves over images seen, read from `metrics.csv` and thinned for reports."""

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
"""Rows that claim more images than this are skipped."""

MOST_CURVES = 1000
"""Further columns are skipped: each is drawn, and ganart itself logs some dozens."""


@dataclass(frozen=True)
class Curve:
    """One quantity of one run: float64 [N] each, x ascending as logged; a y that is not finite is a gap."""

    x: np.ndarray
    y: np.ndarray

    @property
    def finite(self) -> np.ndarray:
        """The finite values of y, [≤ N]."""
        return self.y[np.isfinite(self.y)]

    def between(self, first: float, end: float) -> Curve:
        """Return the points with first ≤ x < end."""
        kept = (self.x >= first) & (self.x < end)
        return Curve(self.x[kept], self.y[kept])


def read_curves(file: Path) -> dict[str, Curve]:
    """Return every column of `file` that holds a number; {} if there is no such file.

    A run may still be writing the file, so an incomplete last line is skipped. Cells that are not numbers are skipped;
    `nan` and `inf` are kept as gaps.
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
    """Return mean and sample deviation (n − 1) of several runs' curves, at the x of the one with the fewest points.

    The others are interpolated there, and only where all have values: from the latest beginning to the earliest end. A
    gap in one is a gap in the mean.
    """
    first, last = max(curve.x[0] for curve in curves), min(curve.x[-1] for curve in curves)
    x = min((curve.x for curve in curves), key=len)
    x = x[(x >= first) & (x <= last)]
    rows = np.stack([np.interp(x, curve.x, curve.y) for curve in curves])
    return Curve(x, rows.mean(0)), Curve(x, rows.std(0, ddof=1))


def thin(curve: Curve, most: int) -> Curve:
    """Return at most `most` (≥ 5) points of `curve`: its ends, and the minimum, maximum and one gap of equal blocks."""
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
