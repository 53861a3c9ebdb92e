"""Loggers of numbers and images: CSV, TensorBoard, W&B. All share the names, and `images_seen` as their axis."""

from ganart.loggers.base import ExperimentLogger
from ganart.loggers.csv import CSVLogger
from ganart.loggers.guarded import Guarded
from ganart.loggers.tensorboard import TensorBoardLogger
from ganart.loggers.wandb import WandbLogger

__all__ = ["CSVLogger", "ExperimentLogger", "Guarded", "TensorBoardLogger", "WandbLogger"]
