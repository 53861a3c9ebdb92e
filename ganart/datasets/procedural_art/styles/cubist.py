"""Cubism: Pablo Picasso, Georges Braque. The subject seen from several sides at once, broken into shards."""

from __future__ import annotations

import math

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas, cover, lay, tone
from ganart.datasets.procedural_art.scene import DARK, Scene


def cubist(rng: np.random.Generator, canvas: Canvas, scene: Scene, palette: np.ndarray) -> np.ndarray:
    """Paint shards between straight cuts; each shows the subject a little displaced and with its own light."""
    cuts = _cuts(rng, canvas, scene)
    shard = np.zeros(canvas.x.shape, dtype=np.intp)
    edge = np.full_like(canvas.x, 9)
    for bit, side in enumerate(cuts):
        shard += (side > 0) * (1 << bit)
        edge = np.minimum(edge, np.abs(side))

    count = 1 << len(cuts)
    shift = rng.normal(0, 0.075, (2, count)).astype(np.float32)
    planes = scene.blend(canvas.x + shift[0][shard], canvas.y + shift[1][shard], palette, canvas.pixel * 1.5)
    # Light falls off across each shard from one of its edges: the "passage" by which planes open into one another.
    level = rng.uniform(-0.24, 0.24, count).astype(np.float32)
    slope = rng.choice([-1.0, 1.0], count).astype(np.float32)
    passage = slope[shard] * np.clip(cuts[0] * 0.9, -0.5, 0.5) * 0.45
    planes = tone(planes, level[shard] + passage)
    return lay(planes, 0.75 * cover(edge - 0.018, canvas.pixel * 1.5), palette[DARK])


def _cuts(rng: np.random.Generator, canvas: Canvas, scene: Scene) -> list[np.ndarray]:
    """Return the signed distances of the pixels from five or six lines past the focus: [H, W] each."""
    count = int(rng.integers(5, 7))
    angles = rng.uniform(0, math.pi) + (np.arange(count) + rng.uniform(-0.3, 0.3, count)) * math.pi / count
    cx, cy = scene.centre
    sides = []
    for angle in angles.tolist():
        a, b = math.cos(angle), math.sin(angle)
        aside = float(rng.choice([-1, 1])) * rng.uniform(0.1, 0.6)
        sides.append((canvas.x - cx) * a + (canvas.y - cy) * b - aside)
    return sides
