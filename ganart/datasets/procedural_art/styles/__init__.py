"""The eight styles: each paints the regions of a scene as marks and colours on the canvas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ganart.datasets.procedural_art.canvas import Canvas
from ganart.datasets.procedural_art.scene import Scene
from ganart.datasets.procedural_art.styles.brush_flow import brush_flow
from ganart.datasets.procedural_art.styles.colour_field import colour_field
from ganart.datasets.procedural_art.styles.cubist import cubist
from ganart.datasets.procedural_art.styles.drip import drip
from ganart.datasets.procedural_art.styles.neoplastic import neoplastic
from ganart.datasets.procedural_art.styles.orphic import orphic
from ganart.datasets.procedural_art.styles.pointillist import pointillist
from ganart.datasets.procedural_art.styles.wave_scale import wave_scale

Style = Callable[[np.random.Generator, Canvas, Scene, np.ndarray], np.ndarray]
"""(rng, canvas, scene, palette [7, 3]) → planes, float32 [3, H, W], about [0, 1]."""

STYLES: dict[str, Style] = {
    "neoplastic": neoplastic,
    "colour_field": colour_field,
    "orphic": orphic,
    "pointillist": pointillist,
    "cubist": cubist,
    "wave_scale": wave_scale,
    "brush_flow": brush_flow,
    "drip": drip,
}
