"""Post-impressionism: Vincent van Gogh. Thick strokes that follow the grain of the regions, with swirls."""

from __future__ import annotations

import math

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, clouds, tone
from ganart.datasets.procedural_art.marks import scatter
from ganart.datasets.procedural_art.scene import Scene


def brush_flow(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint each stroke in the colour at its middle and along the grain there, with a ridge that catches the light."""
    strokes = scatter(rng, canvas, rng.uniform(0.1, 0.125), margin=3)
    angle = scene.grains(strokes.x, strokes.y) + 0.35 * clouds(rng, strokes.x, strokes.y, 0.7)
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    long, short = strokes.spacing * rng.uniform(1.6, 2.0), strokes.spacing * rng.uniform(0.42, 0.5)

    near = strokes.near(canvas, 2)
    dx, dy = canvas.x - strokes.x[near], canvas.y - strokes.y[near]
    c, s = cos[near], sin[near]
    down, side = (dx * c + dy * s) / long, (dy * c - dx * s) / short
    foremost = (down * down + side * side).argmin(axis=0)[None]
    mark = np.take_along_axis(near, foremost, axis=0)[0]
    side = np.take_along_axis(side, foremost, axis=0)[0]

    colours = _loaded(rng, scene, palette, strokes.x, strokes.y)
    lit = cos[mark] * math.sin(scene.lit_from) - sin[mark] * math.cos(scene.lit_from)
    return tone(colours[:, mark], 0.1 - 0.16 * np.minimum(side * side, 1.5) + 0.1 * lit * side)


def _loaded(rng: np.random.Generator, scene: Scene, palette: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the colours of n strokes, [3, n]: each varies a little, and some are mixed with another role's colour."""
    roles = scene.roles(x, y)
    colours = palette[roles].T
    other = palette[(roles + rng.integers(1, len(palette), len(x))) % len(palette)].T
    colours = np.where(rng.random(len(x)) < 0.12, 0.65 * colours + 0.35 * other, colours)
    return tone(colours, rng.uniform(-0.2, 0.2, len(x)) + 0.12 * scene.light(x, y)).astype(np.float32)
