"""Loggers of numbers and images: CSV, TensorBoard, W&B. All share the names, and `images_seen` as their axis."""

from ganart.loggers.base import ExperimentLogger
from ganart.parts import export

__all__ = ["ExperimentLogger"]

__getattr__ = export(__name__, ExperimentLogger)
