"""Pointillism: Georges Seurat, Paul Signac. Colour divided into dots, mixed by the eye."""

from __future__ import annotations

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, cover, lay, tone
from ganart.datasets.procedural_art.marks import scatter
from ganart.datasets.procedural_art.scene import BODY, GLOW, LIGHT, SKY, TRIM, Scene

# For each role, the role whose colour is mixed into some of its dots.
_ANSWERS = (BODY, GLOW, SKY, GLOW, TRIM, GLOW, BODY)


def pointillist(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint even dots over a thin wash, most in the local colour, some lighter, some mixed with another role's."""
    wash = scene.blend(canvas.x, canvas.y, palette, 0.06)
    planes = wash + 0.4 * (palette[LIGHT][:, None, None] - wash)

    dots = scatter(rng, canvas, rng.uniform(0.1, 0.125), margin=2)
    radius = (dots.spacing * rng.uniform(0.46, 0.6, len(dots.x))).astype(np.float32)
    near = dots.near(canvas, 1)
    distance = np.sqrt((canvas.x - dots.x[near]) ** 2 + (canvas.y - dots.y[near]) ** 2) - radius[near]
    foremost = distance.argmin(axis=0)[None]
    mark = np.take_along_axis(near, foremost, axis=0)[0]
    colours = _divided(rng, scene, palette, dots.x, dots.y)
    planes = lay(planes, cover(np.take_along_axis(distance, foremost, axis=0)[0], canvas.pixel), colours[:, mark])
    return np.asarray(planes)


def _divided(rng: np.random.Generator, scene: Scene, palette: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the colour of each of n dots: [3, n]."""
    roles = scene.roles(x, y)
    chance = rng.random(len(x))
    colours = palette[roles].T
    answer = palette[np.array(_ANSWERS)[roles]].T
    colours = np.where(chance < 0.16, 0.5 * colours + 0.5 * answer, colours)
    shade = np.where(chance > 0.72, 0.28, rng.normal(0, 0.07, len(x))) + 0.14 * scene.light(x, y)
    return tone(colours, shade).astype(np.float32)
