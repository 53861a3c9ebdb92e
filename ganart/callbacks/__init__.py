"""What happens around the rounds: pictures, scores, numbers, checkpoints, the progress bar."""

from ganart.callbacks.checkpoint import Checkpoint
from ganart.callbacks.doctor import Doctor
from ganart.callbacks.interrupt import Interrupt
from ganart.callbacks.metrics import Metrics
from ganart.callbacks.nearest import NearestWorks
from ganart.callbacks.order import Order, in_order
from ganart.callbacks.pace import Pace
from ganart.callbacks.progress import ProgressBar
from ganart.callbacks.samples import Samples
from ganart.callbacks.scores import Scores
from ganart.callbacks.stop import StopAtImages, StopAtRounds, TimeBudget
from ganart.callbacks.walk import LatentWalk

__all__ = [
    "Checkpoint",
    "Doctor",
    "Interrupt",
    "LatentWalk",
    "Metrics",
    "NearestWorks",
    "Order",
    "Pace",
    "ProgressBar",
    "Samples",
    "Scores",
    "StopAtImages",
    "StopAtRounds",
    "TimeBudget",
    "in_order",
]
