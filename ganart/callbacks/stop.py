"""Ends of a run: by images, by rounds, by time."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import Timer

from ganart.callbacks.order import Order
from ganart.errors import UserError
from ganart.ranges import refuse_unless_count


class StopAtImages(Callback):
    """The end of a run after `total_images` real images."""

    order = Order.END

    def __init__(self, *, total_images: int) -> None:
        self.total_images = total_images
        self.has_ended = False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.on_train_batch_end(trainer, pl_module)  # a run killed during its final scores has nothing left to train

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if pl_module.images_seen >= self.total_images:
            self.has_ended = trainer.should_stop = True

    def findings(self) -> dict[str, Any]:
        return {"ended_by": "images"} if self.has_ended else {}


class StopAtRounds(Callback):
    """The end of a run after `max_steps` rounds.

    With Lightning's own `max_steps`, a resumed run that has reached them would end without scores and summary.
    """

    order = Order.END

    def __init__(self, *, max_steps: int) -> None:
        refuse_unless_count("max_steps", max_steps)
        self.max_steps = max_steps
        self.has_ended = False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.on_train_batch_end(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if pl_module.rounds >= self.max_steps:
            self.has_ended = trainer.should_stop = True

    def findings(self) -> dict[str, Any]:
        return {"ended_by": "steps"} if self.has_ended else {}


class TimeBudget(Timer):
    """Lightning's timer, restarted by each command: a run that ended by its time trains as long again when resumed."""

    order = Order.END

    def __init__(self, *, max_time: str) -> None:
        try:
            super().__init__(duration=max_time)
        except Exception:
            raise UserError(f"max_time={max_time} must be DD:HH:MM:SS: 00:01:00:00 is an hour.") from None
        self.has_ended = False

    def on_train_batch_end(self, trainer: Trainer, *args: Any, **named: Any) -> None:
        super().on_train_batch_end(trainer, *args, **named)
        remaining = self.time_remaining()
        self.has_ended = remaining is not None and remaining <= 0

    def findings(self) -> dict[str, Any]:
        return {"ended_by": "time"} if self.has_ended else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Ignore the time of earlier commands."""
