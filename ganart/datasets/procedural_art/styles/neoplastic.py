"""De Stijl: Piet Mondrian, Theo van Doesburg. Black lines, upright planes of primary colour."""

from __future__ import annotations

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, cover, lay
from ganart.datasets.procedural_art.scene import DARK, Scene


def neoplastic(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint each cell of an uneven grid in its most frequent colour, with black lines between cells that differ.

    A few lines continue through planes of one colour, as in Mondrian's paintings.
    """
    across = _cuts(rng, canvas.reach[0])
    down = _cuts(rng, canvas.reach[1])
    roles = _majority(scene, across, down)
    upright = roles[:, 1:] != roles[:, :-1]
    level = roles[1:] != roles[:-1]
    long_upright, long_level = _long(rng, upright.shape[1]), _long(rng, level.shape[0])
    upright |= long_upright[None, :]
    level |= long_level[:, None]
    colours = _bleached(rng, palette[roles], long_upright, long_level)

    column = np.searchsorted(across, canvas.x[0]) - 1
    row = np.searchsorted(down, canvas.y[:, 0]) - 1
    planes = colours[row[:, None], column[None, :]].transpose(2, 0, 1)
    half = rng.uniform(0.024, 0.034)
    black = _lines(canvas.x[0], across, half, canvas.pixel, upright[row], column)
    black = np.maximum(black, _lines(canvas.y[:, 0], down, half, canvas.pixel, level.T[column], row).T)
    return lay(planes, black, palette[DARK])


def _cuts(rng: np.random.Generator, reach: float) -> np.ndarray:
    """Return the positions of the cuts of one axis: uneven, from edge to edge, denser in the middle."""
    count = round(reach * rng.integers(10, 13))
    steps = rng.uniform(0.6, 1.4, count)
    cuts = np.concatenate([[0.0], np.cumsum(steps) / steps.sum()]) * 2 - 1
    return (0.75 * cuts + 0.25 * cuts**3) * (reach + 1e-3)


def _long(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return which of `count` cuts are drawn from edge to edge: never two neighbours, or black would dominate."""
    chosen = rng.random(count) < 0.3
    chosen[1:] &= ~chosen[:-1]
    return chosen


def _majority(scene: Scene, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Return the most frequent role in each cell, from 4 × 4 points: [rows, columns]."""
    inner = (np.arange(4) + 0.5) / 4
    x = (across[:-1, None] + np.diff(across)[:, None] * inner).ravel()
    y = (down[:-1, None] + np.diff(down)[:, None] * inner).ravel()
    asked = scene.roles(*np.meshgrid(x, y)).reshape(len(down) - 1, 4, len(across) - 1, 4)
    counts = (asked[..., None] == np.arange(DARK + 1)).sum(axis=(1, 3))
    return counts.argmax(axis=-1)


def _bleached(
    rng: np.random.Generator, colours: np.ndarray, long_upright: np.ndarray, long_level: np.ndarray
) -> np.ndarray:
    """Return the colours of the cells, [rows, columns, 3], with some panes between long lines bleached."""
    across = np.concatenate([[0], np.cumsum(long_upright)])
    down = np.concatenate([[0], np.cumsum(long_level)])
    pane = (rng.random((32, 32)) < 0.3)[down[:, None] % 32, across[None, :] % 32]
    # Only pale colours are bleached: strong colours show the subject.
    share = 0.75 * (pane & (colours.min(axis=-1) > 0.35))[..., None]
    return np.asarray(colours + share * (0.98 - colours), dtype=np.float32)


def _lines(
    places: np.ndarray, cuts: np.ndarray, half: float, pixel: float, drawn: np.ndarray, cell: np.ndarray
) -> np.ndarray:
    """Return the coverage of each pixel by the lines across one axis: [other axis, this axis].

    `drawn` [other axis, cuts inside] is True for the pieces of lines to draw.
    """
    blank = np.zeros((len(drawn), 1), dtype=bool)
    drawn = np.concatenate([blank, drawn, blank], axis=1)
    before = cover(places - cuts[cell] - half, pixel) * drawn[:, cell]
    after = cover(cuts[cell + 1] - places - half, pixel) * drawn[:, cell + 1]
    return np.maximum(before, after).astype(np.float32)
