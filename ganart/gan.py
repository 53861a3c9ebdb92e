"""Two players, two optimizers and Lightning: the only file where the three meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from itertools import count
from math import gcd
from operator import add
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor, nn
from torch.optim import Optimizer

from ganart.datasets.loader import Batch, as_batch
from ganart.ema import EMA
from ganart.errors import TrainingDivergedError, UserError
from ganart.images import to_model, to_uint8
from ganart.losses import AdversarialLoss
from ganart.machine.hardware import full_float32
from ganart.meters import Meters
from ganart.penalties import ADVERSARIAL, Penalty
from ganart.schedules import Schedule
from ganart.seeds import mix, seed_generator

OptimizerOf = Callable[[Iterable[nn.Parameter]], Optimizer]


class Pair(NamedTuple):
    """Real pictures and the generated ones that stand against them, with the same labels.

    `fake` carries the generator's graph where the generator's step is to use it again; `real_logits` are filled in by
    the discriminator's step, for losses whose generator half compares with real pictures.
    """

    real: Tensor
    fake: Tensor
    labels: Tensor
    latents: Tensor
    real_logits: list[Tensor]


class GAN(pl.LightningModule):
    """Generator against discriminator, one loss, any penalties. Images are float [N, C, H, W] in [−1, 1].

    `discriminator_steps` updates of the discriminator, each on fresh real pictures, make a round with one update of
    the generator; each update may be split into `accumulate` micro-batches. `gradient_clip` limits the norm of a
    player's gradients. Every round draws its noise from its own seed, so a resumed run draws what the uninterrupted one
    would have drawn, and nothing that happens between two rounds can change the next.
    """

    automatic_optimization = False  # two players, two optimizers

    def __init__(
        self,
        *,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        penalties: Mapping[str, Penalty],
        optimizers: Mapping[str, OptimizerOf],
        schedule: Schedule,
        ema: EMA,
        seed: int,
        discriminator_steps: int = 1,
        accumulate: int = 1,
        gradient_clip: Mapping[str, float | None] | None = None,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        if ADVERSARIAL in penalties:
            raise UserError(f"A penalty cannot be called {ADVERSARIAL}: that is the name of what the loss gives.")
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.generator = generator.to(memory_format=layout)
        self.discriminator = discriminator.to(memory_format=layout)
        self.generator_ema = ema.start(self.generator)
        self.loss = loss
        self.penalties = penalties
        self.schedule = schedule
        self.ema = ema
        self.meters = Meters()
        self.images_seen = 0
        self.rounds = 0
        self.discriminator_updates = 0
        self._measured: dict[str, Any] | None = None
        self._optimizers_of = optimizers
        self._seed = seed
        self.latent_dim = cast(int, generator.latent_dim)
        self._discriminator_steps = discriminator_steps
        self._accumulate = accumulate
        self._gradient_clip = gradient_clip or {}
        self._measured_every = next(
            period for period in count(MEASURED_EVERY) if all(gcd(period, p.every) == 1 for p in penalties.values())
        )
        self._channels_last = channels_last

    # ------------------------------------------------------------------------------------------ the two-player step

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """One round of Goodfellow et al. (2014), Algorithm 1: the discriminator's steps, then one of the generator."""
        optimizer_d, optimizer_g = self.begin_round(batch)

        for pairs in self.deal(batch):
            with self.toggled_optimizer(optimizer_d):
                self.descend(optimizer_d, map(self.discriminator_loss, pairs))
            for penalty in self.penalties.values():
                penalty.constrain(self.discriminator)
            self.discriminator_updates += 1

        with self.toggled_optimizer(optimizer_g):
            self.descend(optimizer_g, map(self.generator_loss, pairs))

        self.end_round(len(batch.images))

    def discriminator_loss(self, pair: Pair) -> Tensor:
        real_logits = self.judge(pair.real, pair.labels)  # [N]
        fake_logits = self.judge(pair.fake.detach(), pair.labels)  # [N]
        pair.real_logits.append(real_logits.detach())
        for name, logits in (("real", real_logits.detach()), ("fake", fake_logits.detach())):
            self.meters.add(f"players/logits_{name}", logits)
            self.meters.add(f"players/d_{name}", logits.sigmoid())
        terms = {ADVERSARIAL: self.loss.discriminator(real_logits, fake_logits)}
        return self.sum_of("discriminator", terms | self.penalty_terms(pair))

    def generator_loss(self, pair: Pair) -> Tensor:
        fake = pair.fake if pair.fake.requires_grad else self.generator(pair.latents, pair.labels)
        fake_logits = self.judge(fake, pair.labels)  # [N]
        terms = {ADVERSARIAL: self.loss.generator(pair.real_logits[0], fake_logits)}
        return self.sum_of("generator", terms)

    def deal(self, batch: Batch) -> Iterator[list[Pair]]:
        """Yield the micro-batches of each discriminator step; those of the last are the generator's too.

        Without accumulation the last fakes keep their graph, and the generator's step need not paint them again; with
        it they are painted anew, or the graphs of all micro-batches would have to be held at once.
        """
        for step in range(1, self._discriminator_steps + 1):
            images, labels = (tensor.chunk(self._discriminator_steps)[step - 1] for tensor in batch)
            latents = torch.randn(len(images), self.latent_dim, device=self.device)
            pieces = zip(*(tensor.chunk(self._accumulate) for tensor in (images, labels, latents)), strict=True)
            with torch.set_grad_enabled(step == self._discriminator_steps and self._accumulate == 1):
                pairs = [self.pair_up(*piece) for piece in pieces]
            yield pairs

    def pair_up(self, images: Tensor, labels: Tensor, latents: Tensor) -> Pair:
        real = to_model(images, channels_last=self._channels_last)
        return Pair(real, self.generator(latents, labels), labels, latents, [])

    def judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits of the discriminator in float32, [N]."""
        return self.discriminator(images, labels).float()

    def penalty_terms(self, pair: Pair) -> dict[str, Tensor]:
        """The penalties due at this update, [N] each, in float32 and weighted for the updates that they skip."""
        due = {name: p for name, p in self.penalties.items() if self.discriminator_updates % p.every == 0}
        if not due:
            return {}
        with torch.autocast(self.device.type, enabled=False):
            real, fake = pair.real.float(), pair.fake.detach().float()
            terms = {name: p(lambda x: self.judge(x, pair.labels), real, fake) for name, p in due.items()}
        for name, term in terms.items():
            self.meters.add(f"penalties/{name}", term)
        return {name: due[name].every * term for name, term in terms.items()}

    def sum_of(self, player: str, terms: Mapping[str, Tensor]) -> Tensor:
        """The mean over the batch of the sum of `terms` ([N] each)."""
        self.meters.add(f"players/{player}_adversarial", terms[ADVERSARIAL])
        loss = reduce(add, terms.values()).mean()
        self.meters.add(f"players/{player}_loss", loss)
        return loss

    def descend(self, optimizer: LightningOptimizer, losses: Iterable[Tensor]) -> None:
        """One update of one player: the mean gradient of its micro-batches, clipped and checked on the way."""
        optimizer.zero_grad()
        for loss in losses:
            self.manual_backward(loss / self._accumulate if self._accumulate > 1 else loss)
        optimizer.step()

    # ------------------------------------------------------------------------------------------ around the round

    def begin_round(self, batch: Batch) -> tuple[LightningOptimizer, LightningOptimizer]:
        seed_generator(self.device, mix("round", self._seed, self.global_rank, self.rounds))
        self.meters.begin_round()
        self._batch = batch
        optimizer_d, optimizer_g = cast(list[LightningOptimizer], self.optimizers())
        count_as_one_step(optimizer_d)
        factor = self.schedule(self.images_seen)
        for optimizer, rates in zip((optimizer_d, optimizer_g), self._learning_rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        return optimizer_d, optimizer_g

    def end_round(self, images_of_this_process: int) -> None:
        images = images_of_this_process * self.trainer.world_size
        self.images_seen += images
        self.rounds += 1
        if self.rounds % self.ema.every == 0:
            if self.trainer.world_size > 1:
                self.agree_on_batch_statistics()
            self.ema.update(self._averaged, self.images_seen, self.ema.every * images)

    def agree_on_batch_statistics(self) -> None:
        """Take the mean over all processes of what the generator's layers remember of their batches.

        Each process has seen its own share, and DDP hands out those of the first only before the next round: without
        this every process would have an average, and scores, of its own.
        """
        buffers = [buffer for buffer in self.generator.buffers() if buffer.is_floating_point()]
        if buffers:
            flat = torch.cat([buffer.flatten() for buffer in buffers])
            mean = cast(Tensor, self.trainer.strategy.reduce(flat, reduce_op="mean"))
            for buffer, part in zip(buffers, mean.split([buffer.numel() for buffer in buffers]), strict=True):
                buffer.copy_(part.view_as(buffer))

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Batch:
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in as_batch(batch)))

    def on_train_start(self) -> None:
        self._averaged = self.ema.pair_up(self.generator_ema, self.generator)
        if self._measured is not None:
            self.meters.load_state_dict(self._measured, self.device)

    def configure_optimizers(self) -> list[Optimizer]:
        players = {"discriminator": self.discriminator, "generator": self.generator}
        optimizers = [self._optimizers_of[name](player.parameters()) for name, player in players.items()]
        self._learning_rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
        return optimizers

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Refuse what is not finite; measure and clip the gradients. They come unscaled.

        A norm reads every gradient once more, which small networks feel: without clipping it is taken every few rounds,
        so many that updates with and without lazy penalties are met as often as there are such.
        A gradient that is not finite in between makes the next loss so; checkpoints look at their weights themselves.
        """
        player = PLAYERS[self.trainer.optimizers.index(optimizer)]
        loss, limit = self.meters.latest(f"players/{player}_loss"), self._gradient_clip.get(player)
        # A gradient scaler skips a step with infinite gradients and lowers its scale: only the loss counts there.
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None and scaler.get_scale() < SMALLEST_SCALE:
            raise self.diverged(player)
        if limit is not None or self.rounds % self._measured_every == 0:
            parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            norm = torch.nn.utils.get_total_norm([p.grad for p in parameters])
            self.meters.add(f"players/gradient_norm_{player}", norm)
            if limit is not None:
                torch.nn.utils.clip_grads_with_norm_(parameters, limit, norm)
            if scaler is None:
                loss = loss + norm
        # All processes have to stop at the same update, whichever of them has met with it.
        if self.trainer.strategy.reduce_boolean_decision(not math.isfinite(loss), all=False):
            raise self.diverged(player)

    def refuse_to_save_what_is_not_finite(self) -> None:
        """Raise `TrainingDivergedError` if a weight is not finite, so that every checkpoint can be gone on from."""
        for player in PLAYERS:
            weights = [p.detach() for p in getattr(self, player).parameters()]
            if not math.isfinite(torch.nn.utils.get_total_norm(weights)):
                raise self.diverged(player)

    def diverged(self, player: str) -> TrainingDivergedError:
        """Save what led here and say what to try."""
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
            f"Terms now: {_listed(self.meters.of_this_round())}\n"
            f"Last finite terms: {_listed(self.meters.of_last_round())}\n"
            f"{saved}{stands}.\n"
            f"What to try: a lower learning rate (optimizer.{player}.lr), a stronger penalty "
            f"(penalty=[r1,r2] penalty.r1.gamma=10), gradient_clip.{player}=1, trainer.precision=32."
        )

    # ------------------------------------------------------------------------------------------ pictures

    @torch.no_grad()
    def paint(self, latents: Tensor, labels: Tensor, *, by: nn.Module | None = None) -> Tensor:
        """Generate uint8 [N, H, W, C] in float32 from latents [N, Z], labels [N, F], by the moving average or `by`."""
        generator = by or self.generator_ema
        was_training = generator.training
        generator.eval()
        with full_float32(self.device):
            images = to_uint8(generator(latents.to(self.device), labels.to(self.device)))
        generator.train(was_training)
        return images

    def train(self, mode: bool = True) -> GAN:
        super().train(mode)
        self.generator_ema.eval()
        return self

    # ------------------------------------------------------------------------------------------ checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["ganart"] = {name: getattr(self, name) for name in CLOCKS}
        checkpoint["meters"] = self.meters.state_dict()
        checkpoint["threads"] = torch.get_num_threads()  # which decide the last bits on a CPU

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        for name in CLOCKS:
            setattr(self, name, checkpoint["ganart"][name])
        self._measured = checkpoint.get("meters")


MEASURED_EVERY = 8  # rounds from one measurement of the gradients to the next, at least
SMALLEST_SCALE = 2.0**-10  # a scaler that came down to this has skipped every step on its way
PLAYERS = ("discriminator", "generator")
CLOCKS = ("images_seen", "rounds", "discriminator_updates")


def count_as_one_step(optimizer_d: LightningOptimizer) -> None:
    """Keep Lightning from counting the discriminator's updates, so that `global_step` and `max_steps` count rounds.

    Lightning counts every `optimizer.step()` (pytorch-lightning#17958) through two hooks that it sets anew at each
    batch; a test holds that five rounds are five steps.
    """
    optimizer_d._on_before_step = do_nothing_closure
    optimizer_d._on_after_step = do_nothing_closure


def normalizes_batches(network: nn.Module) -> bool:
    """Whether `network` has batch normalization, and so makes a picture's result depend on the others of its batch."""
    return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in network.modules())


def _listed(terms: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in terms.items())
