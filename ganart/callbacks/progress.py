"""The progress of a run: images seen, images/s, time left, losses, the latest score."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pytorch_lightning import Callback, Trainer
from rich.progress import Progress

from ganart.callbacks.numbers import TrainingNumbers
from ganart.callbacks.order import Order, callbacks_of
from ganart.callbacks.scores import Trend
from ganart.console import LINE, SECONDS_PER_LINE, bar, clock, console, room_beside_bar
from ganart.gan import GAN


class ProgressBar(Callback):
    """A bar on a terminal, refreshed a few times a second; a line every `seconds_per_line` anywhere else."""

    order = Order.PROGRESS

    def __init__(self, *, total_images: int, seconds_per_line: float = SECONDS_PER_LINE) -> None:
        self.total_images = total_images
        self.seconds_per_line = seconds_per_line
        self._score = ""
        self._bar: Progress | None = None
        self._next = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._started, self._began_at = time.monotonic(), pl_module.images_seen
        self._numbers = next((c for c in callbacks_of(trainer) if isinstance(c, TrainingNumbers)), None)
        if trainer.is_global_zero and console.is_terminal:
            self._bar = bar()
            self._task = self._bar.add_task("", total=self.total_images, completed=pl_module.images_seen, line="")
            self._bar.start()
        self._next = time.monotonic() + (0 if self._bar else self.seconds_per_line)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        # Most rounds only read the clock, to cost nothing.
        now = time.monotonic()
        if now < self._next or not trainer.is_global_zero:
            return
        if self._bar:
            self._next = now + 0.25
            line = self._line(pl_module, now, room_beside_bar())
            self._bar.update(self._task, completed=pl_module.images_seen, line=line)
        else:
            self._next = now + self.seconds_per_line
            console.say(self._line(pl_module, now))

    def on_scoring(self, trainer: Trainer, gan: GAN, share_done: float) -> None:
        if self._bar:
            line = f"{gan.images_seen:,}/{self.total_images:,} images · scoring, {share_done:.0%} done"
            self._bar.update(self._task, completed=gan.images_seen, line=line)

    def on_trend(self, trainer: Trainer, gan: GAN, view: Trend) -> None:
        first = view.results[0]
        self._score = f"{first.name} {first.value:.3g}"
        if first.times_floor is not None:
            self._score += f" ({first.times_floor:.1f}× floor)"
        if not self._bar and trainer.is_global_zero:
            console.say(f"{gan.images_seen:,} images · {self._score}")

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        if self._bar:
            line = self._line(pl_module, time.monotonic(), room_beside_bar())
            self._bar.update(self._task, completed=pl_module.images_seen, line=line)
        self._stop()

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _line(self, gan: GAN, now: float, room: int = LINE) -> str:
        speed = (gan.images_seen - self._began_at) / max(now - self._started, 1e-9)
        left = max(0, self.total_images - gan.images_seen) / max(speed, 1e-9)
        latest = self._numbers.latest if self._numbers else {}
        names = {"D": "players/discriminator_loss", "G": "players/generator_loss"}
        losses = [f"{player} {latest[name]:.2f}" for player, name in names.items() if name in latest]
        parts = [f"{gan.images_seen:,}/{self.total_images:,} images", f"{speed:,.0f}/s", f"{clock(left)} left"]
        return fitted([*parts, *([self._score] if self._score else []), " ".join(losses)], room)


def fitted(parts: Sequence[str], room: int) -> str:
    """Join `parts` with " · ", skipping each that would make the line longer than `room` letters."""
    line = ""
    for part in filter(None, parts):
        longer = f"{line} · {part}" if line else part
        line = longer if len(longer) <= room else line
    return line
