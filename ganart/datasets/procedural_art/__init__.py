"""Pictures our own code paints: eight styles of modern art crossed with six subjects, free of anybody's rights.

A subject composes a scene (`subjects`), a style paints it (`styles`) with a palette of its own (`palettes`).
"""

from ganart.datasets.procedural_art.dataset import ProceduralArt
from ganart.datasets.procedural_art.paint import paint

__all__ = ["ProceduralArt", "paint"]
