"""What a run shows while it runs: images seen, images/s, time left, losses, the latest score."""

from __future__ import annotations

import time
from typing import Any

from pytorch_lightning import Callback, Trainer
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.text import Text

from ganart.callbacks.metrics import Metrics
from ganart.callbacks.order import Order, callbacks_of
from ganart.callbacks.scores import View
from ganart.console import console
from ganart.gan import GAN


class ProgressBar(Callback):
    """A bar on a terminal, refreshed a few times a second; a line every `seconds_per_line` anywhere else."""

    order = Order.PROGRESS

    def __init__(self, *, total_images: int, seconds_per_line: float = 15.0) -> None:
        self.total_images = total_images
        self.seconds_per_line = seconds_per_line
        self._score = ""
        self._bar: Progress | None = None
        self._next = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._started, self._began_at = time.monotonic(), pl_module.images_seen
        self._metrics = next((c for c in callbacks_of(trainer) if isinstance(c, Metrics)), None)
        if trainer.is_global_zero and console.is_terminal:
            columns = (BarColumn(bar_width=16), Described())
            self._bar = Progress(*columns, console=console, refresh_per_second=4)
            self._task = self._bar.add_task("", total=self.total_images, completed=pl_module.images_seen, line="")
            self._bar.start()
        self._next = time.monotonic() + (0 if self._bar else self.seconds_per_line)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        # Reading the clock is all that most rounds pay for.
        now = time.monotonic()
        if now < self._next or not trainer.is_global_zero:
            return
        if self._bar:
            self._next = now + 0.25
            self._bar.update(self._task, completed=pl_module.images_seen, line=self._line(pl_module, now))
        else:
            self._next = now + self.seconds_per_line
            console.print(self._line(pl_module, now), soft_wrap=True)

    def on_scoring(self, trainer: Trainer, gan: GAN, share_done: float) -> None:
        if self._bar:
            line = f"{gan.images_seen:,}/{self.total_images:,} images · scoring, {share_done:.0%} done"
            self._bar.update(self._task, completed=gan.images_seen, line=line)

    def on_view(self, trainer: Trainer, gan: GAN, view: View) -> None:
        first = view.results[0]
        spread = f" ± {first.std:.2g}" if first.std is not None else ""
        self._score = f"{first.name} {first.value:.3g}{spread}"
        if first.times_floor is not None:
            self._score += f" ({first.times_floor:.1f}× floor)"
        if not self._bar and trainer.is_global_zero:
            console.print(f"{gan.images_seen:,} images · {self._score}")

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        if self._bar:
            self._bar.update(self._task, completed=pl_module.images_seen, line=self._line(pl_module, time.monotonic()))
        self._stop()

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _line(self, gan: GAN, now: float) -> str:
        speed = (gan.images_seen - self._began_at) / max(now - self._started, 1e-9)
        left = max(0, self.total_images - gan.images_seen) / max(speed, 1e-9)
        latest = self._metrics.latest if self._metrics else {}
        names = {"D": "players/discriminator_loss", "G": "players/generator_loss"}
        losses = [f"{player} {latest[name]:.2f}" for player, name in names.items() if name in latest]
        parts = [f"{gan.images_seen:,}/{self.total_images:,} images", f"{speed:,.0f}/s", f"{clock(left)} left"]
        return " · ".join([*parts, *losses, *([self._score] if self._score else [])])


class Described(ProgressColumn):
    """The line that the callback has made."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["line"], no_wrap=True, overflow="ellipsis")


def clock(seconds: float) -> str:
    """Seconds as 2:05 or 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
