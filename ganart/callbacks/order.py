"""Which callbacks act before which others after the same round."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from pytorch_lightning import Callback, Trainer


class Order(IntEnum):
    """The class attribute `order` of a callback: its place among those that act after the same round.

    A checkpoint holds what the callbacks before it have found in its own round; the ends come after it.
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
    """Sort `callbacks` by their own `order`; those of one place stay as they came."""
    return sorted(callbacks, key=lambda callback: getattr(callback, "order", Order.OTHERS))


def callbacks_of(trainer: Trainer) -> list[Any]:
    """The callbacks of `trainer`, in their order: Lightning sets the list without declaring it."""
    return trainer.callbacks  # type: ignore[attr-defined]
