"""Colour field painting: Mark Rothko. Hovering fields of colour with soft edges, on a framing ground."""

from __future__ import annotations

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, clouds, cover, fill, lay, tone
from ganart.datasets.procedural_art.scene import BODY, DARK, LAND, TRIM, Scene
from ganart.datasets.procedural_art.shapes import box


def colour_field(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint the subject as soft forms within one or two hovering rectangles."""
    # Displacing the points by smooth noise makes the edges irregular.
    drift = clouds(rng, canvas.x, canvas.y, 0.3)
    x, y = canvas.x + 0.05 * drift, canvas.y + 0.05 * clouds(rng, canvas.x, canvas.y, 0.3)
    softness = rng.uniform(0.13, 0.19)
    veils = scene.blend(x, y, palette, softness)

    margin, seam = rng.uniform(0.1, 0.17), rng.uniform(0.25, 0.45) * float(rng.choice([-1, 1]))
    width, height = canvas.reach[0] - margin, canvas.reach[1] - margin
    window = cover(box(0, 0, width, height)(x, y), 0.1)
    gap = cover(np.abs(y - seam) - 0.01, 0.12)
    ground = palette[rng.choice([LAND, BODY, TRIM])] * 0.7 + palette[DARK] * 0.3
    lower = cover(seam - y, 0.12)
    veils = lay(veils, 0.3 * lower, palette[LAND])
    planes = lay(fill(canvas, ground), window * (1 - 0.75 * gap), veils)
    glow = 0.14 - 0.16 * ((x / width) ** 2 + (y / height) ** 2)
    return tone(planes, glow + 0.05 * drift)
