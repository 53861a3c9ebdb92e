"""Where numbers and pictures of a run go. `images_seen` is the axis of all of them, and all get the same names."""

from ganart.loggers.base import ExperimentLogger
from ganart.loggers.csv import CSVLogger
from ganart.loggers.guarded import Guarded
from ganart.loggers.tensorboard import TensorBoardLogger
from ganart.loggers.wandb import WandbLogger

__all__ = ["CSVLogger", "ExperimentLogger", "Guarded", "TensorBoardLogger", "WandbLogger"]
