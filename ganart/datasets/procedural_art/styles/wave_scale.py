"""Ukiyo-e: Hokusai, Hiroshige. Flat printed colour, dark key lines, and the overlapping waves of the seigaiha."""

from __future__ import annotations

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, cover, lay, tone
from ganart.datasets.procedural_art.scene import DARK, LIGHT, Scene


def wave_scale(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint flat regions with a pattern of scales in concentric bands, and key lines along the contours."""
    radius = rng.uniform(0.36, 0.46)
    place, shade = _scales(rng, canvas, radius)
    planes = scene.blend(canvas.x, canvas.y, palette, canvas.pixel)
    # Bokashi: colour that deepens towards the top of the sheet.
    deepening = -0.38 * np.clip(-0.35 - canvas.y / canvas.reach[1], 0, 1)
    planes = tone(planes, shade + deepening)
    soft = canvas.pixel / radius
    crest = cover(np.abs(place - 0.94) - 0.06, soft) + cover(np.abs(place - 0.6) - 0.05, soft)
    planes = lay(planes, 0.55 * np.minimum(crest, 1), palette[LIGHT])
    key = cover(scene.contours(canvas.x, canvas.y) - 0.026, canvas.pixel * 1.3)
    return lay(planes, 0.85 * key, palette[DARK])


def _scales(rng: np.random.Generator, canvas: Canvas, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's place in its scale, from 0 in the middle to 1 at the rim, and the scale's shade.

    Rows are half a radius apart, every second one is shifted by a radius, and each overlaps the one above.
    """
    tint = rng.uniform(-0.1, 0.06, (16, 16)).astype(np.float32)
    offset = rng.uniform(0, 2 * radius)
    lowest = np.floor((canvas.y + 8 * radius) / (radius / 2)) + 2
    place = np.full_like(canvas.x, 2)
    shade = np.zeros_like(canvas.x)
    for step in range(4):
        row = lowest - step
        start = offset + (row % 2) * radius
        column = np.round((canvas.x - start) / (2 * radius))
        cx, cy = start + column * 2 * radius, row * (radius / 2) - 8 * radius
        distance = np.sqrt((canvas.x - cx) ** 2 + (canvas.y - cy) ** 2) / radius
        found = (place > 1) & (distance < 1)
        place = np.where(found, distance, place)
        shade = np.where(
            found, tint[row.astype(np.int32) & 15, column.astype(np.int32) & 15] + 0.16 * (distance - 0.6), shade
        )
    return place, shade
