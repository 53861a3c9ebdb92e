"""The callback of the collapse doctor, which prints and logs diagnoses with advice."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer

from ganart.callbacks.numbers import TrainingNumbers
from ganart.callbacks.order import Order, callbacks_of
from ganart.callbacks.scores import Trend
from ganart.console import console
from ganart.doctor import Diagnosis, Disease, Examiner, Snapshot, derived, every_disease, numbers_of
from ganart.errors import UserError
from ganart.gan import GAN
from ganart.losses import AdversarialLoss
from ganart.play import PLAYERS

log = logging.getLogger(__name__)


class Doctor(Callback):
    """Looks at each row of the `numbers` callback and at each trend of the `scores` callback.

    A disease is reported once when it begins and once when it is over: on the console, in log.txt, in `notes` for the
    summary, and to every logger as `doctor/<disease>`, 1 or 0. Checkpoints hold the snapshots up to their round, so a
    resumed run gives the same diagnoses as an uninterrupted one.

    Args:
        ignore: names of diseases to leave out, with _ for spaces.
        also: diseases of the user's own, under any name; one that is called as one of ganart's stands in its place.
    """

    order = Order.DOCTOR

    def __init__(self, *, ignore: Iterable[str] = (), also: Mapping[str, Disease] | None = None) -> None:
        known = {disease.key: disease for disease in [*every_disease(), *(also or {}).values()]}
        if unknown := sorted(set(ignore) - known.keys()):
            raise UserError(f"callback.doctor.ignore={unknown} names no disease. There are: {', '.join(known)}.")
        self.examiner = Examiner([disease for key, disease in known.items() if key not in set(ignore)])
        self.notes: list[dict[str, Any]] = []

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._numbers = next((c for c in callbacks_of(trainer) if isinstance(c, TrainingNumbers)), None)
        self.examiner.history.keys = keys_of(trainer, pl_module)
        self._ignorance = loss_of_ignorance(pl_module.loss)
        self._seen = self._numbers.latest if self._numbers else {}

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if self._numbers is None or self._numbers.latest is self._seen:
            return
        self._seen = self._numbers.latest
        self._look(
            trainer, pl_module, {**self._seen, **derived(self._seen, self.examiner.history.keys, self._ignorance)}
        )

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self.on_train_batch_end(trainer, pl_module)

    def on_trend(self, trainer: Trainer, gan: GAN, view: Trend) -> None:
        numbers = numbers_of(view.real, view.fake, view.factors) if trainer.is_global_zero else {}
        first = next((row for row in view.results if row.lower_is_better), None)
        if first is not None:
            numbers["score"] = first.value
            if first.times_floor is not None:
                numbers["times_floor"] = first.times_floor
        self._look(trainer, gan, numbers)

    def _look(self, trainer: Trainer, gan: GAN, values: dict[str, float]) -> None:
        """Examine `values` as a snapshot in the first process, whose share of the images is a fair sample."""
        looked_at = ((snapshot.images_seen, snapshot.values.keys()) for snapshot in self.examiner.history.snapshots)
        if (gan.images_seen, values.keys()) in looked_at:  # examined already, before an interruption during scoring
            return
        if trainer.is_global_zero:
            for diagnosis in self.examiner.look(Snapshot(gan.images_seen, values)):
                self._tell(trainer, diagnosis)

    def _tell(self, trainer: Trainer, diagnosis: Diagnosis) -> None:
        self.notes.append(diagnosis.as_dict())
        headline = f"{diagnosis.disease}, at {diagnosis.images_seen:,} images. {diagnosis.says}"
        console.say(f"doctor    {headline}")
        for remedy in diagnosis.try_:
            console.say(f"          try {remedy}")
        log.info("%s", " · try ".join([headline, *diagnosis.try_]))
        for logger in trainer.loggers:
            name = f"doctor/{diagnosis.disease.replace(' ', '_')}"
            logger.log_metrics({name: float(not diagnosis.is_over)}, step=diagnosis.images_seen)

    def findings(self) -> dict[str, Any]:
        return {"doctor": self.notes}

    def state_dict(self) -> dict[str, Any]:
        return {"examiner": self.examiner.state_dict(), "notes": self.notes}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.examiner.load_state_dict(state_dict["examiner"])
        self.notes = list(state_dict["notes"])


def loss_of_ignorance(loss: AdversarialLoss) -> float | None:
    """Return the constant-logit loss: the least `loss` of a discriminator with the same logit for every image.

    None for a loss that can be negative, such as Wasserstein's, which has no least value to compare with.
    """
    same = torch.linspace(-5, 5, 1001)
    least = float(loss.discriminator(same, same).min())
    certain = torch.tensor([100.0])
    return least if least > 0 and float(loss.discriminator(certain, -certain)) >= 0 else None


def keys_of(trainer: Trainer, gan: GAN) -> dict[str, float]:
    """Return the values of the keys that the doctor may advise to change: learning rates and strengths of penalties."""
    rates = {f"optimizer.{p}.lr": o.defaults["lr"] for p, o in zip(PLAYERS, trainer.optimizers, strict=True)}
    strengths = {
        f"penalty.{name}.{penalty.strength}": getattr(penalty, penalty.strength)
        for name, penalty in gan.penalties.items()
        if penalty.strength is not None
    }
    return rates | strengths
