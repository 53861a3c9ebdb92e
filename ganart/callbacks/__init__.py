"""What happens around the rounds: pictures, scores, numbers, checkpoints, the progress bar; one a file."""

from pytorch_lightning import Callback

from ganart.callbacks.numbers import TrainingNumbers
from ganart.callbacks.order import Order, in_order
from ganart.parts import export

__all__ = ["Order", "in_order"]

__getattr__ = export(__name__, Callback)

Metrics = TrainingNumbers  # what the configurations in run folders of earlier releases name
