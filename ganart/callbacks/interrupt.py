"""Ctrl-C and SIGTERM end a run between two rounds, with everything saved; a second Ctrl-C ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from pytorch_lightning import Callback, Trainer

from ganart.console import console


class Interrupt(Callback):
    """Turns SIGINT and SIGTERM into a stop after the round under way: in the middle of one nothing could be resumed.

    Other callbacks may ask for the same with `stop`, saying what for.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.reason: str | None = None
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            if number == signal.SIGINT:  # schedulers send SIGTERM several times; only a person insists
                self._restore()
                raise KeyboardInterrupt
            return
        self.received = number
        self.stop("signal")
        console.print(f"{signal.Signals(number).name} received: finishing this round, then saving.")

    def stop(self, reason: str) -> None:
        """End the run after this round, saved but not scored."""
        self.reason = reason

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        # All processes have to stop after the same round, whichever of them was told.
        if trainer.strategy.reduce_boolean_decision(self.reason is not None, all=False):
            self.reason = self.reason or "another process"
            trainer.should_stop = True

    # Lightning takes its own handlers back before the teardown hooks: restoring them there would leave them for good.

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._restore()

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
