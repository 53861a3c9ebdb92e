"""The order of callbacks after the same round."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from pytorch_lightning import Callback, Trainer


class Order(IntEnum):
    """Values of a callback's class attribute `order`: its place among the callbacks that act after the same round.

    Checkpoints come after the callbacks whose state of the round they save, and before those that end a run.
    """

    WATCH = 0
    NUMBERS = 10
    DOCTOR = 20
    SAMPLES = 30
    SCORES = 40
    OTHERS = 50
    CHECKPOINT = 60
    FAREWELL = 70
    END = 80
    INTERRUPT = 90
    PROGRESS = 100


def in_order(callbacks: Iterable[Callback]) -> list[Callback]:
    """Return `callbacks` sorted by their `order`; the sort is stable."""
    return sorted(callbacks, key=lambda callback: getattr(callback, "order", Order.OTHERS))


def callbacks_of(trainer: Trainer) -> list[Any]:
    """Return the callbacks of `trainer`, in their order; Lightning does not declare this attribute."""
    return trainer.callbacks  # type: ignore[attr-defined]
