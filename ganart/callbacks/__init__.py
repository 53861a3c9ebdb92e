"""Callbacks around the rounds, one a file: samples, scores, losses and rates, checkpoints, diagnoses, progress."""

from pytorch_lightning import Callback

from ganart.callbacks.numbers import TrainingNumbers
from ganart.callbacks.order import Order, in_order
from ganart.parts import export

__all__ = ["Order", "in_order"]

__getattr__ = export(__name__, Callback)

Metrics = TrainingNumbers  # the name in configurations of earlier releases
