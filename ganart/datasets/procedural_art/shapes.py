"""Shapes as signed distances: each function returns one that maps points (x, y) to distances, negative inside.

The distances are exact or nearly so close to the edge, where they are used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def everywhere() -> Shape:
    return lambda x, y: np.full_like(x, -1)


def disc(cx: float, cy: float, radius: float) -> Shape:
    return lambda x, y: np.sqrt((x - cx) ** 2 + (y - cy) ** 2) - radius


def ring(cx: float, cy: float, radius: float, half_width: float) -> Shape:
    return lambda x, y: np.abs(np.sqrt((x - cx) ** 2 + (y - cy) ** 2) - radius) - half_width


def oval(cx: float, cy: float, rx: float, ry: float, angle: float = 0.0) -> Shape:
    cos, sin = math.cos(angle), math.sin(angle)

    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u = ((x - cx) * cos + (y - cy) * sin) / rx
        v = ((y - cy) * cos - (x - cx) * sin) / ry
        return (np.sqrt(u * u + v * v) - 1) * min(rx, ry)

    return distance


def box(cx: float, cy: float, half_width: float, half_height: float, angle: float = 0.0) -> Shape:
    cos, sin = math.cos(angle), math.sin(angle)

    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u = (x - cx) * cos + (y - cy) * sin
        v = (y - cy) * cos - (x - cx) * sin
        return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)

    return distance


def below(level: float, swell: float = 0.0, frequency: float = 3.0, phase: float = 0.0) -> Shape:
    """Return everything under a line at height `level` that swells like a hill or a wave."""
    if not swell:
        return lambda x, y: level - y
    return lambda x, y: level + swell * np.sin(frequency * x + phase) - y


def convex(*corners: tuple[float, float]) -> Shape:
    """Return a convex polygon; the corners go clockwise as seen on the canvas."""
    sides = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.hypot(x1 - x0, y1 - y0)
        a, b = (y1 - y0) / length, (x0 - x1) / length
        sides.append((a, b, a * x0 + b * y0))

    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        result = sides[0][0] * x + sides[0][1] * y - sides[0][2]
        for a, b, offset in sides[1:]:
            result = np.maximum(result, a * x + b * y - offset)
        return result

    return distance


def limb(start: tuple[float, float], end: tuple[float, float], thick: float, thin: float) -> Shape:
    """Return a round-ended bar from `start` to `end`, tapering from radius `thick` to `thin`."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    square = dx * dx + dy * dy

    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = x - x0, y - y0
        along = np.clip((u * dx + v * dy) / square, 0, 1)
        return np.sqrt((u - along * dx) ** 2 + (v - along * dy) ** 2) - (thick + along * (thin - thick))

    return distance


def turned(cx: float, heights: Sequence[float], half_widths: Sequence[float]) -> Shape:
    """Return a body of revolution, such as a vase, from the side: its half width at each of the ascending `heights`."""

    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        profile = np.interp(y, heights, half_widths).astype(np.float32)
        return np.maximum(np.abs(x - cx) - profile, np.maximum(heights[0] - y, y - heights[-1]))

    return distance


def union(*shapes: Shape) -> Shape:
    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        result = shapes[0](x, y)
        for shape in shapes[1:]:
            result = np.minimum(result, shape(x, y))
        return result

    return distance


def both(first: Shape, second: Shape) -> Shape:
    return lambda x, y: np.maximum(first(x, y), second(x, y))


def without(first: Shape, second: Shape) -> Shape:
    return lambda x, y: np.maximum(first(x, y), -second(x, y))
