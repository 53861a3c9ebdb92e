"""Pictures painted by ganart's own code: eight styles of modern art crossed with six subjects, free of rights.

A subject composes a scene (`subjects`), a style paints it (`styles`) with one of its palettes (`palettes`).
"""

from ganart.datasets.procedural_art.dataset import ProceduralArt
from ganart.datasets.procedural_art.paint import paint

__all__ = ["ProceduralArt", "paint"]
