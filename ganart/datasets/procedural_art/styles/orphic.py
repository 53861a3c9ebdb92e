"""Orphism: Robert and Sonia Delaunay. Discs of pure colour, cut into contrasting rings and sectors."""

from __future__ import annotations

import math

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, cover
from ganart.datasets.procedural_art.scene import BODY, DARK, GLOW, LAND, LIGHT, SKY, TRIM, Scene

# For each role, the colour it turns into in every second ring, and in every second sector.
_ANSWERS = {
    SKY: (LAND, LIGHT),
    LAND: (DARK, SKY),
    BODY: (TRIM, GLOW),
    TRIM: (GLOW, BODY),
    GLOW: (LIGHT, TRIM),
    LIGHT: (GLOW, SKY),
    DARK: (BODY, LAND),
}


def orphic(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint rings and sectors around the focus and two other centres; they change the colours of the subject."""
    distance, angle = _nearest_centre(rng, canvas, scene)
    width = rng.uniform(0.2, 0.27)
    rings = cover(np.abs((distance / width) % 2 - 1) * width - width / 2, canvas.pixel)
    sectors = 2 * int(rng.integers(1, 3))
    swing = np.sin(angle * sectors / 2 + rng.uniform(0, 2 * math.pi))
    sector = cover(swing * distance, canvas.pixel * sectors / 2)

    plain, ringed, turned = _answers(palette)
    coats = np.concatenate([plain, ringed, turned], axis=1)
    plain, ringed, turned = np.split(scene.blend(canvas.x, canvas.y, coats, canvas.pixel * 1.5), 3)
    return plain + rings * (sector * (ringed - plain) + (1 - sector) * (turned - plain))


def _answers(palette: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the palette itself, and its colours in the rings of either kind of sector: three of [7, 3]."""
    first, second = np.array([_ANSWERS[role] for role in range(len(palette))]).T
    return palette, 0.5 * palette + 0.5 * palette[first], 0.6 * palette + 0.4 * palette[second]


def _nearest_centre(rng: np.random.Generator, canvas: Canvas, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's distance from, and angle about, the centre of its disc: two of [H, W]."""
    start = rng.uniform(0, 2 * math.pi)
    others = [(1.05 * math.cos(start + turn), 1.05 * math.sin(start + turn)) for turn in (0.0, rng.uniform(1.8, 3.4))]
    u, v = canvas.x - scene.centre[0], canvas.y - scene.centre[1]
    # Overlapping discs are separated by the power of a point: squared distance minus squared radius.
    power = u * u + v * v - 0.75**2
    for cx, cy in others:
        radius = rng.uniform(0.35, 0.5)
        x, y = canvas.x - cx, canvas.y - cy
        here = x * x + y * y - radius * radius
        closer = here < power
        u, v, power = np.where(closer, x, u), np.where(closer, y, v), np.where(closer, here, power)
    return np.sqrt(u * u + v * v), np.arctan2(v, u)
