"""Interruption by signals between two rounds, with everything saved; a second Ctrl-C ends a run at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

from pytorch_lightning import Callback, Trainer

from ganart.callbacks.order import Order, callbacks_of
from ganart.console import console

SIGNAL = "signal"
HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
SIGNALS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANGUP) if number is not None)


class Interrupt(Callback):
    """A stop after the current round on Ctrl-C, SIGTERM and SIGHUP, because only whole rounds can be resumed.

    Other callbacks may request the same with `stop` and a reason. An ignored SIGHUP, as under `nohup`, stays ignored.
    """

    order = Order.INTERRUPT

    def __init__(self) -> None:
        self.received: int | None = None
        self.reason: str | None = None
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            if number != HANGUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            if number == signal.SIGINT:  # schedulers repeat SIGTERM; a repeated SIGINT is a user's
                self._restore()
                raise KeyboardInterrupt
            return
        self.received = number
        self.stop(SIGNAL)
        if number == HANGUP:
            detach_from_terminal()
        console.say(f"{signal.Signals(number).name} received: finishing this round, then saving.")

    def stop(self, reason: str) -> None:
        """Request the end of the run after this round, saved but not scored."""
        self.reason = reason

    def findings(self) -> dict[str, Any]:
        return {"ended_by": self.reason} if self.reason is not None else {}

    @property
    def exit_status(self) -> int:
        """128 plus the number of the signal that ended the run, as in shells; 0 for any other end."""
        # Without a number here, another process of the run received the signal.
        return 128 + (self.received or signal.SIGTERM) if self.reason == SIGNAL else 0

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if trainer.world_size > 1 and not (pl_module.is_checked or trainer.should_stop):
            return
        # All processes must stop after the same round, whichever of them received the signal.
        if trainer.strategy.reduce_boolean_decision(self.reason is not None, all=False):
            # Any other reason is requested by the first process only.
            self.reason = trainer.strategy.broadcast(self.reason) or SIGNAL
            trainer.should_stop = True

    # Restored here, not in a teardown hook: Lightning restores its own handlers before those.

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._restore()

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()


def is_interrupted(trainer: Trainer) -> bool:
    """Return whether `trainer` is being interrupted: it ends early, saved and not scored."""
    return any(isinstance(c, Interrupt) and c.reason is not None for c in callbacks_of(trainer))


def detach_from_terminal() -> None:
    """Redirect standard output and error to the null device, because writing to a closed terminal fails."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        for stream in (sys.__stdout__, sys.__stderr__):
            with suppress(OSError, ValueError, AttributeError):
                if stream.isatty():  # type: ignore[union-attr]
                    os.dup2(nowhere.fileno(), stream.fileno())  # type: ignore[union-attr]
