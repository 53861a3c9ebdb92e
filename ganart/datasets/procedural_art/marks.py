"""Marks on a jittered lattice: evenly but not regularly spread dots and strokes, with fast search by pixel.

Each cell of the lattice holds one mark, so that the marks near a pixel are those of the cells around its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas


@dataclass(frozen=True)
class Marks:
    """The centres of the marks: x and y are float32 [n], in rows of `columns`; `origin` is the lattice's corner."""

    x: np.ndarray
    y: np.ndarray
    columns: int
    origin: tuple[float, float]
    spacing: float

    def near(self, canvas: Canvas, ring: int) -> np.ndarray:
        """Return the indices of the marks in the (2 ring + 1)² cells around each pixel: [(2 ring + 1)², H, W]."""
        column = ((canvas.x[0] - self.origin[0]) / self.spacing).astype(np.int32)
        row = ((canvas.y[:, 0] - self.origin[1]) / self.spacing).astype(np.int32)
        steps = np.arange(-ring, ring + 1)
        around = (steps[:, None] * self.columns + steps).reshape(-1)
        return around[:, None, None] + (row[:, None] * self.columns + column)


def scatter(rng: np.random.Generator, canvas: Canvas, spacing: float, margin: int) -> Marks:
    """Return marks about `spacing` apart all over the canvas and `margin` cells beyond its edges."""
    columns, rows = (2 * math.ceil(reach / spacing) + 2 * margin for reach in canvas.reach)
    origin = (-columns / 2 * spacing, -rows / 2 * spacing)
    column, row = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    # Rows are shifted by ±0.1 cell in turn, so that no columns are visible.
    shift = 0.2 * (row % 2) - 0.1
    jitter = rng.uniform(0.2, 0.8, (2, rows, columns)).astype(np.float32)
    x = origin[0] + spacing * (column + jitter[0] + shift)
    y = origin[1] + spacing * (row + jitter[1])
    return Marks(x.ravel(), y.ravel(), columns, origin, spacing)
