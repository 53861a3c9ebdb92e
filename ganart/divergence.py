"""A Lightning module that measures and clips gradients, and stops when losses or gradients are not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import count
from math import gcd
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganart.errors import TrainingDivergedError
from ganart.meters import Meters
from ganart.play import PLAYERS

CHECKED_EVERY = 16
"""Rounds between two checks for non-finite values where a check has to wait for a device or process."""

MEASURED_EVERY = 8
"""Least number of rounds between two measurements of gradient norms."""

SMALLEST_SCALE = 2.0**-10
"""A gradient scaler that fell to this has skipped many steps in a row."""


class Watched(pl.LightningModule):
    """The part of `ganart.gan.GAN` that notices a divergence, in all processes at the same update.

    Args:
        gradient_clip: the largest gradient norm of a player; None or absent for no clipping.
        periods: `every` of each penalty and term.
    """

    parts: nn.ModuleDict
    _batch: Sequence[Tensor]

    def __init__(self, *, gradient_clip: Mapping[str, float | None], periods: Sequence[int]) -> None:
        super().__init__()
        self.meters = Meters()
        self.images_seen = 0
        self.rounds = 0
        self.checked_every = 1
        self._unchecked = {player: torch.zeros(()) for player in PLAYERS}
        self._gradient_clip = dict(gradient_clip)  # a DictConfig is slow to read, and this is read twice a round
        self._measured_every = next(n for n in count(MEASURED_EVERY) if all(gcd(n, every) == 1 for every in periods))

    def on_fit_start(self) -> None:
        waits = self.device.type != "cpu" or self.trainer.world_size > 1
        self.checked_every = CHECKED_EVERY if waits else 1
        self._unchecked = {player: torch.zeros((), device=self.device) for player in PLAYERS}

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Measure and clip the unscaled gradients; every `checked_every` rounds, check that training is finite.

        Measuring the norm costs one pass over all gradients, a noticeable share of a small network's round. Without
        clipping it is therefore measured every few rounds; their number shares no divisor with the periods of the
        terms, so updates with and without a lazy penalty are sampled in proportion.

        Raises:
            TrainingDivergedError: if a loss or a gradient was not finite.
        """
        player = PLAYERS[self.trainer.optimizers.index(optimizer)]
        limit = self._gradient_clip.get(player)
        if limit is not None or self.rounds % self._measured_every == 0:
            parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            norm = torch.nn.utils.get_total_norm([p.grad for p in parameters])
            self.meters.add(f"players/gradient_norm_{player}", norm)
            if limit is not None:
                torch.nn.utils.clip_grads_with_norm_(parameters, limit, norm)
            # A gradient scaler skips steps with infinite gradients and lowers its scale: then only the loss is checked.
            if self.scaler is None:
                self._unchecked[player] = self._unchecked[player] + norm
        if self.is_checked:
            self.refuse_what_is_not_finite(player)

    @property
    def is_checked(self) -> bool:
        """True in every `checked_every`-th round: processes vote, and the host waits for the device."""
        return self.rounds % self.checked_every == 0

    @property
    def scaler(self) -> Any:
        """The gradient scaler of float16; None for other precisions."""
        return getattr(self.trainer.precision_plugin, "scaler", None)

    def refuse_what_is_not_finite(self, *players: str) -> None:
        """Raise `TrainingDivergedError` if a loss or gradient since the last call was not finite in any process.

        All processes must call it at the same update, and all of them raise.
        """
        for player in players or PLAYERS:
            finite = math.isfinite(self._unchecked[player])
            scale_is_spent = self.scaler is not None and self.scaler.get_scale() < SMALLEST_SCALE
            if self.trainer.strategy.reduce_boolean_decision(not finite or scale_is_spent, all=False):
                raise self.diverged(player)
            self._unchecked[player] = torch.zeros((), device=self.device)

    def refuse_to_save_what_is_not_finite(self) -> None:
        """Raise `TrainingDivergedError` if a weight is not finite, so that every saved checkpoint can be resumed."""
        for player in PLAYERS:
            weights = [p.detach() for p in [*getattr(self, player).parameters(), *self.parts.parameters()]]
            if not math.isfinite(torch.nn.utils.get_total_norm(weights)):
                raise self.diverged(player)

    def diverged(self, player: str) -> TrainingDivergedError:
        """Save batch and networks to `diverged_rank<N>.pt`; return the error with the last terms and advice."""
        folder = Path(self.trainer.default_root_dir)
        file = folder / f"diverged_rank{self.global_rank}.pt"
        state = {"state_dict": self.state_dict(), "round": self.rounds, "images_seen": self.images_seen}
        saved = f"The batch and the networks are saved in {file}"
        try:
            torch.save(state | {"batch": list(self._batch)}, file)
        except (OSError, RuntimeError) as error:  # torch's own for a disk that is full
            saved = f"The batch and the networks could not be saved in {file}: {error}"
        stands = "; the last checkpoint stands" if (folder / "checkpoints" / "last.ckpt").is_file() else ""
        return TrainingDivergedError(
            f"Loss or gradient of the {player} is not finite at {self.images_seen:,} images (round {self.rounds:,}).\n"
            f"Terms now: {listed(self.meters.of_this_round())}\n"
            f"Last finite terms: {listed(self.meters.last_finite())}\n"
            f"{saved}{stands}.\n"
            f"What to try: a lower learning rate (optimizer.{player}.lr), a stronger penalty "
            f"(penalty=[r1,r2] penalty.r1.gamma=10), gradient_clip.{player}=1, trainer.precision=32."
        )


def listed(terms: Mapping[str, float]) -> str:
    """Return names and values of terms in one line."""
    return ", ".join(f"{name} {value:.4g}" for name, value in terms.items())
