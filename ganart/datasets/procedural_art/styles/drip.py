"""Action painting: Jackson Pollock. Enamel poured and flung over stained canvas."""

from __future__ import annotations

import math

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, clouds, cover, discs, lay, tone
from ganart.datasets.procedural_art.scene import BODY, DARK, GLOW, LIGHT, TRIM, Scene


def drip(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Stain the canvas with the subject, pour its contours in black, then add strands and splashes over it."""
    blot = clouds(rng, canvas.x, canvas.y, 0.22)
    x, y = canvas.x + 0.03 * blot, canvas.y - 0.03 * blot
    planes = tone(scene.blend(x, y, palette, 0.05), 0.08 * blot)
    thickness = 0.022 + 0.022 * clouds(rng, canvas.x, canvas.y, 0.35)
    planes = lay(planes, cover(scene.contours(x, y) - thickness, canvas.pixel), palette[DARK])
    strands = rng.permutation([TRIM, GLOW, BODY])[:2]
    for role in (*strands.tolist(), LIGHT, DARK):
        planes = lay(planes, discs(canvas, *_strand(rng, canvas)), palette[role])
    for role in (DARK, LIGHT, strands[0]):
        planes = lay(planes, discs(canvas, *_splash(rng, canvas)), palette[role])
    return planes


def _strand(rng: np.random.Generator, canvas: Canvas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one pour as closely set drops: x, y and radius, float32 [n]. Faster motion leaves a thinner line."""
    t = np.linspace(0, 2 * math.pi, 200)
    x, y = np.zeros_like(t), np.zeros_like(t)
    for frequency, size in ((0.5, 0.8), (1.0, 0.4), (2.0, 0.22), (3.0, 0.13)):
        x += rng.uniform(0.6, 1.1) * size * np.sin(frequency * t + rng.uniform(0, 2 * math.pi))
        y += rng.uniform(0.6, 1.1) * size * np.sin(frequency * t + rng.uniform(0, 2 * math.pi))
    x, y = canvas.reach[0] * x, canvas.reach[1] * y
    speed = np.hypot(np.gradient(x), np.gradient(y))
    radius = rng.uniform(0.022, 0.03) * np.clip(np.median(speed) / (speed + 1e-4), 0.7, 1.8)
    # The drops are evenly spaced along the path, independent of the speed.
    way = np.cumsum(speed)
    even = np.linspace(way[0], min(way[-1], way[0] + 5.0), 180)
    x, y, radius = (np.interp(even, way, line) for line in (x, y, radius))
    return x.astype(np.float32), y.astype(np.float32), radius.astype(np.float32)


def _splash(rng: np.random.Generator, canvas: Canvas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return drops flung in a narrow fan: x, y and radius, float32 [n]; farther drops are smaller."""
    count, angle = 14, rng.uniform(0, 2 * math.pi)
    away = rng.exponential(0.45, count)
    angles = angle + rng.normal(0, 0.5, count)
    x0, y0 = rng.uniform(-0.8, 0.8, 2)
    x, y = x0 * canvas.reach[0] + away * np.cos(angles), y0 * canvas.reach[1] + away * np.sin(angles)
    radius = rng.uniform(0.02, 0.06, count) / (0.8 + away)
    return x.astype(np.float32), y.astype(np.float32), radius.astype(np.float32)
