"""The painting of one picture; all randomness depends on (seed, index), so it can be painted alone at any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ganart.datasets.procedural_art.canvas import finish, stretch
from ganart.datasets.procedural_art.palettes import mix
from ganart.datasets.procedural_art.styles import STYLES
from ganart.datasets.procedural_art.subjects import SUBJECTS

_STYLES, _SUBJECTS = tuple(STYLES.items()), tuple(SUBJECTS.items())


def combination(index: int) -> tuple[int, int]:
    """Return style and subject of picture `index`: every 48 pictures in a row contain each combination once."""
    return index % len(_STYLES), index // len(_STYLES) % len(_SUBJECTS)


def paint(seed: int, index: int, height: int, width: int) -> tuple[np.ndarray, int, int]:
    """Paint picture `index`; return its pixels, uint8 [height, width, 3], and its style and subject as integers.

    Random values are drawn in canvas units, never per pixel, so that other sizes show the same composition.
    """
    style, subject = combination(index)
    style_name, render = _STYLES[style]
    rng = np.random.default_rng((seed, index))
    scene = replace(_SUBJECTS[subject][1](rng), facing=float(rng.choice([-1.0, 1.0])))
    palette = mix(rng, style_name)
    return finish(render(rng, stretch(height, width), scene, palette)), style, subject
