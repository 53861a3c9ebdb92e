"""Feature networks for scores."""

from ganart.features.art_inception import ArtInception
from ganart.features.auto import auto
from ganart.features.base import FeatureNetwork, extract, pictures_at_once
from ganart.features.classifier import Classifier
from ganart.features.fidelity import CLIP, DINOv2
from ganart.features.inception import Inception
from ganart.features.module import Module

__all__ = [
    "CLIP",
    "ArtInception",
    "Classifier",
    "DINOv2",
    "FeatureNetwork",
    "Inception",
    "Module",
    "auto",
    "extract",
    "pictures_at_once",
]
