"""Feature networks: what the scores look at."""

from ganart.features.auto import auto
from ganart.features.base import FeatureNetwork, extract
from ganart.features.classifier import Classifier
from ganart.features.inception import Inception

__all__ = ["Classifier", "FeatureNetwork", "Inception", "auto", "extract"]
