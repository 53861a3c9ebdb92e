"""Scenes: composed by a subject, painted by a style. Regions from back to front, each with a role and a grain.

A scene can be evaluated at any points, not only pixels: a style that sets marks evaluates it at their centres, and so
sets the same marks at every resolution.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ganart.datasets.procedural_art.canvas import cover
from ganart.datasets.procedural_art.shapes import Shape

ROLES = ("sky", "land", "body", "trim", "glow", "light", "dark")
SKY, LAND, BODY, TRIM, GLOW, LIGHT, DARK = range(len(ROLES))
"""Roles of colours; a palette has one colour per role, float32 [7, 3]."""

Grain = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Function from points to the angle of a brush there."""


def along(angle: float = 0.0, swell: float = 0.0, frequency: float = 3.0) -> Grain:
    """Return a grain in one direction, swaying across the canvas."""
    return lambda x, y: angle + swell * np.sin(frequency * (x + 0.6 * y))


def around(cx: float, cy: float, inwards: float = 0.0) -> Grain:
    """Return a grain that circles a point, or spirals into it."""
    return lambda x, y: np.arctan2(y - cy, x - cx) + (math.pi / 2 + inwards)


@dataclass(frozen=True)
class Region:
    """A shape with a role and a grain."""

    shape: Shape
    role: int
    grain: Grain


@dataclass(frozen=True)
class Scene:
    """Regions from back to front; the first covers everything.

    `focus` is the centre of the composition, `lit_from` the angle of the light, `facing` is -1 if the whole scene is
    mirrored. All points are arrays of one shape, in canvas units.
    """

    regions: tuple[Region, ...]
    focus: tuple[float, float]
    lit_from: float
    facing: float = 1.0

    @property
    def centre(self) -> tuple[float, float]:
        """The focus after mirroring."""
        return self.facing * self.focus[0], self.focus[1]

    def roles(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the role of the foremost region at each point: integers."""
        foremost = self._foremost(x, y)
        return np.array([region.role for region in self.regions])[foremost]

    def grains(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the angle of the grain at each point, in radians."""
        foremost = self._foremost(x, y)
        angles = np.zeros_like(x)
        for index in np.unique(foremost):
            here = foremost == index
            angles[here] = self.regions[index].grain(self.facing * x[here], y[here])
        return self.facing * angles

    def blend(self, x: np.ndarray, y: np.ndarray, colours: np.ndarray, softness: float) -> np.ndarray:
        """Return the regions in the `colours` [7, C] of their roles, with edges `softness` wide: [C, *x.shape]."""
        x = self.facing * x
        coats = colours[:, :, None, None]
        planes = np.broadcast_to(coats[self.regions[0].role], (colours.shape[1], *x.shape)).copy()
        for region in self.regions[1:]:
            planes += cover(region.shape(x, y), softness) * (coats[region.role] - planes)
        return planes

    def contours(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the distance of each point to the nearest edge that is not hidden behind another region."""
        x = self.facing * x
        nearest = np.full_like(x, 9)
        for region in self.regions[1:]:
            distance = region.shape(x, y)
            # Inside this region all others are hidden behind it, so only its own edge counts.
            nearest = np.where(distance < 0, -distance, np.minimum(nearest, distance))
        return nearest

    def light(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the amount of light at each point, about [-1, 1]."""
        return 0.7 * (x * (self.facing * math.cos(self.lit_from)) + y * math.sin(self.lit_from))

    def _foremost(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x = self.facing * x
        foremost = np.zeros(x.shape, dtype=np.intp)
        for index, region in enumerate(self.regions[1:], start=1):
            foremost[region.shape(x, y) < 0] = index
        return foremost
