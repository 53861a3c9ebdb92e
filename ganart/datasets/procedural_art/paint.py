"""Painting one picture: chance decides from (seed, index) alone, so any picture can be painted at any time and size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ganart.datasets.procedural_art.canvas import finish, stretch
from ganart.datasets.procedural_art.palettes import mix
from ganart.datasets.procedural_art.styles import STYLES
from ganart.datasets.procedural_art.subjects import SUBJECTS

_STYLES, _SUBJECTS = tuple(STYLES.items()), tuple(SUBJECTS.items())


def combination(index: int) -> tuple[int, int]:
    """Return style and subject of picture `index`: every 48 pictures in a row hold each combination once."""
    return index % len(_STYLES), index // len(_STYLES) % len(_SUBJECTS)


def paint(seed: int, index: int, height: int, width: int) -> tuple[np.ndarray, int, int]:
    """Paint picture `index` and return its pixels, uint8 [height, width, 3], and its style and subject as integers.

    What is drawn by chance is drawn in canvas units, never per pixel: at another size it is the same composition.
    """
    style, subject = combination(index)
    style_name, render = _STYLES[style]
    rng = np.random.default_rng((seed, index))
    scene = replace(_SUBJECTS[subject][1](rng), facing=float(rng.choice([-1.0, 1.0])))
    palette = mix(rng, style_name)
    return finish(render(rng, stretch(height, width), scene, palette)), style, subject
