"""Feature networks for scores, one a file."""

from ganart.features.auto import auto
from ganart.features.base import FeatureNetwork, extract, pictures_at_once
from ganart.parts import export

__all__ = ["FeatureNetwork", "auto", "extract", "pictures_at_once"]

__getattr__ = export(__name__, FeatureNetwork)
