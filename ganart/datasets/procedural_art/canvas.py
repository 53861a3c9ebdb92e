"""The canvas: coordinates independent of pixels, soft edges, smooth noise, and conversion to bytes.

Pictures are planes, float32 [3, H, W] in [0, 1], until they are finished: arithmetic on whole planes is fastest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

OVERSAMPLING = 2
"""Factor per side by which pictures are painted larger and then averaged down, against jagged edges."""


@dataclass(frozen=True)
class Canvas:
    """The centres of the pixels; the shorter side spans [-1, 1], y grows downwards, (0, 0) is the middle.

    `x` and `y` are float32 [H, W]; `reach` is the largest |x| and |y|; `pixel` is the side of a pixel in these units.
    """

    x: np.ndarray
    y: np.ndarray
    reach: tuple[float, float]
    pixel: float


@lru_cache(maxsize=8)
def stretch(height: int, width: int) -> Canvas:
    """Return the (oversampled) canvas of a picture of `height` × `width` pixels."""
    short = min(height, width)
    reach = (width / short, height / short)
    rows, columns = height * OVERSAMPLING, width * OVERSAMPLING
    across = ((np.arange(columns) + 0.5) / columns * 2 - 1) * reach[0]
    down = ((np.arange(rows) + 0.5) / rows * 2 - 1) * reach[1]
    x, y = np.meshgrid(across.astype(np.float32), down.astype(np.float32))
    return Canvas(x, y, reach, 2 / (short * OVERSAMPLING))


def cover(distance: np.ndarray, softness: float) -> np.ndarray:
    """Return the coverage of each point by a shape, in [0, 1], from its signed distance (negative inside)."""
    return np.clip(0.5 - distance / softness, 0, 1)


def fill(canvas: Canvas, colour: np.ndarray) -> np.ndarray:
    """Return planes of one colour [3]."""
    return np.broadcast_to(colour[:, None, None], (3, *canvas.x.shape)).copy()


def lay(planes: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Return `planes` with `colour`, one [3] or planes of its own, blended over it with weight `mask` [H, W]."""
    coat = colour[:, None, None] if colour.ndim == 1 else colour
    return planes + mask * (coat - planes)


def tone(planes: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Return `planes` shaded: towards white where `amount` [H, W] is positive, towards black where it is negative."""
    return planes + np.maximum(amount, 0) * (1 - planes) + np.minimum(amount, 0) * planes


def clouds(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
    """Return smooth value noise in [-1, 1] at the points; `scale` is the size of its lumps in canvas units.

    The lattice has a fixed size and repeats, so that the noise is the same at every resolution.
    """
    lattice = rng.uniform(-1, 1, (16, 16)).astype(np.float32)
    u, v = x / scale + 64, y / scale + 64
    column, row = u.astype(np.int32), v.astype(np.int32)
    u, v = u - column.astype(u.dtype), v - row.astype(v.dtype)
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    left, right, top, bottom = column & 15, (column + 1) & 15, row & 15, (row + 1) & 15
    upper = lattice[top, left] * (1 - u) + lattice[top, right] * u
    lower = lattice[bottom, left] * (1 - u) + lattice[bottom, right] * u
    return upper * (1 - v) + lower * v


def discs(canvas: Canvas, x: np.ndarray, y: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return the coverage of each pixel by the union of n discs (x, y, radius: float32 [n]): [H, W].

    The squared distances are sums over one row and one column, without roots. Consecutive discs should be close to each
    other: they are drawn in groups, each on its part of the canvas.
    """
    inverse = (0.5 / radius)[:, None]
    across = (np.square(canvas.x[0] - x[:, None]) - np.square(radius)[:, None]) * inverse
    down = np.square(canvas.y[:, 0] - y[:, None]) * inverse
    nearest = np.full_like(canvas.x, np.inf)
    for start in range(0, len(x), 12):
        some = slice(start, start + 12)
        margin = radius[some].max() + 2 * canvas.pixel
        rows = slice(*np.searchsorted(canvas.y[:, 0], (y[some].min() - margin, y[some].max() + margin)))
        columns = slice(*np.searchsorted(canvas.x[0], (x[some].min() - margin, x[some].max() + margin)))
        here = (down[some, rows, None] + across[some, None, columns]).min(axis=0)
        np.minimum(nearest[rows, columns], here, out=nearest[rows, columns])
    return cover(nearest, canvas.pixel)


def finish(planes: np.ndarray) -> np.ndarray:
    """Average the oversampled planes [3, H, W] down and return the picture, uint8 [H / oversampling, …, 3]."""
    channels, rows, columns = planes.shape
    blocks = planes.reshape(channels, rows // OVERSAMPLING, OVERSAMPLING, columns // OVERSAMPLING, OVERSAMPLING)
    small = blocks.mean(axis=(2, 4)).transpose(1, 2, 0)
    return np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
