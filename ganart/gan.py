"""The LightningModule of the two players: their step, optimizers, moving average and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import add
from typing import Any, cast

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor, nn
from torch.optim import Optimizer

from ganart.augment import Augmentation, NoAugmentation
from ganart.codecs import Codec, ImageCodec
from ganart.datasets.loader import Batch, as_batch
from ganart.divergence import Watched
from ganart.ema import EMA
from ganart.layers.conditioning import one_hot
from ganart.losses import AdversarialLoss
from ganart.machine.hardware import full_float32
from ganart.penalties import Penalty
from ganart.play import PLAYERS, DiscriminatorOutput, Pair, Term, output_of
from ganart.schedules.base import Schedule
from ganart.seeds import mix, seed_generator

Parameters = Iterable[nn.Parameter] | Iterable[dict[str, Any]]
OptimizerOf = Callable[[Parameters], Optimizer]


class GAN(Watched):
    """A generator and a discriminator, an adversarial loss, and any penalties and terms.

    `codec` turns stored samples into the form that the networks take: images float [N, C, H, W] in [−1, 1].

    One round is `discriminator_steps` updates of the discriminator, each on fresh real samples, and one update of the
    generator; each update may be split into `accumulate` micro-batches. `gradient_clip` limits the norm of a player's
    gradients. Every round seeds the random numbers anew, so a resumed run draws the same noise as an uninterrupted one,
    and nothing between two rounds (scores, samples) changes the next.

    `loss`, `augment`, penalties and terms that are modules are saved, moved and resumed with the players; their weights
    train with the player that `trained_with` names. `label_sizes` are the numbers of classes of the factors that the
    players are conditioned on.
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
        terms: Mapping[str, Term] | None = None,
        augment: Augmentation | None = None,
        codec: Codec | None = None,
        label_sizes: Sequence[int] = (),
        discriminator_steps: int = 1,
        accumulate: int = 1,
        gradient_clip: Mapping[str, float | None] | None = None,
        channels_last: bool = False,
    ) -> None:
        named: dict[str, Term] = {f"penalties/{name}": penalty for name, penalty in penalties.items()}
        named |= {f"terms/{name}": term for name, term in (terms or {}).items()}
        super().__init__(gradient_clip=gradient_clip or {}, periods=[term.every for term in named.values()])
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.generator = generator.to(memory_format=layout)
        self.discriminator = discriminator.to(memory_format=layout)
        self.generator_ema = ema.start(self.generator)
        self.penalties = penalties
        self.terms = named
        roles: dict[str, Any] = {"loss": loss, "augment": augment or NoAugmentation(), **self.terms}
        self.parts = nn.ModuleDict({name: part for name, part in roles.items() if isinstance(part, nn.Module)})
        self._roles = roles
        self.codec = codec or ImageCodec()
        self.label_sizes = list(label_sizes)
        self.schedule = schedule
        self.ema = ema
        self.discriminator_updates = 0
        self._measured: dict[str, Any] | None = None
        self._optimizers_of = optimizers
        self._seed = seed
        self.latent_dim = cast(int, generator.latent_dim)
        self._discriminator_steps = discriminator_steps
        self._accumulate = accumulate
        self._channels_last = channels_last

    @property
    def loss(self) -> AdversarialLoss:
        return cast(AdversarialLoss, self._roles["loss"])

    @property
    def augment(self) -> Augmentation:
        return cast(Augmentation, self._roles["augment"])

    # ------------------------------------------------------------------------------------------ the two-player step

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Play one round of Goodfellow et al. (2014), Algorithm 1: the discriminator's steps, then the generator's."""
        optimizer_d, optimizer_g = self.begin_round(batch)
        *others, last = self.batches_of_steps(batch)

        for step in others:
            self.update_discriminator(optimizer_d, self.make_pairs(step, with_graph=False))
        # The generator's step reuses the micro-batches of the last discriminator step. With accumulation it generates
        # the fakes anew, because the graphs of all micro-batches would not fit into memory together.
        pairs = self.make_pairs(last, with_graph=self._accumulate == 1)
        self.update_discriminator(optimizer_d, pairs)
        self.update_generator(optimizer_g, pairs)

        self.end_round(len(batch.images))

    def update_discriminator(self, optimizer: LightningOptimizer, pairs: Sequence[Pair]) -> None:
        """Update the discriminator, apply the constraints of terms, and show its output to the augmentation."""
        self.descend(optimizer, self.discriminator_loss, pairs)
        for term in self.terms.values():
            term.constrain(self.discriminator)
        self.discriminator_updates += 1
        self.show_to_augmentation(pairs)

    def update_generator(self, optimizer: LightningOptimizer, pairs: Sequence[Pair]) -> None:
        """Update the generator; gradients pass through the discriminator, and none is computed for its weights."""
        with self.frozen("discriminator"):
            self.descend(optimizer, self.generator_loss, pairs)

    @contextmanager
    def frozen(self, player: str) -> Iterator[None]:
        """Hold the weights of a player in this block: what Lightning's `toggled_optimizer` does, for one player."""
        weights = self._weights[player]
        for weight in weights:
            weight.requires_grad = False
        try:
            yield
        finally:
            for weight in weights:
                weight.requires_grad = True

    def discriminator_loss(self, pair: Pair) -> Tensor:
        """Return the discriminator's loss on one micro-batch, []; store its outputs in `pair`."""
        pair.real_output = self.judge(pair.real, pair.labels, pair.draw)
        pair.fake_output = self.judge(pair.fake.detach(), pair.labels, pair.draw)
        self.measure_logits(pair.real_output, pair.fake_output)
        loss = self.total("discriminator", pair, pair.real_output, pair.fake_output)
        # The generator's step compares with it. Features are kept only where a term may use them, to save memory.
        pair.real_output = pair.real_output.detach(features=len(self.terms) > len(self.penalties))
        return loss

    def generator_loss(self, pair: Pair) -> Tensor:
        """Return the generator's loss on one micro-batch, []; with accumulation, generate its fakes anew."""
        if self._accumulate > 1:
            pair.fake = self.generator(pair.latents, pair.labels)
        pair.fake_output = self.judge(pair.fake, pair.labels, pair.draw)
        assert pair.real_output is not None
        return self.total("generator", pair, pair.real_output, pair.fake_output)

    def total(self, player: str, pair: Pair, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> Tensor:
        """Return a player's loss, []: the adversarial loss, summed over heads, plus the mean of each term due."""
        adversarial = getattr(self.loss, player)
        loss = reduce(add, [adversarial(*heads).mean() for heads in zip(real.heads, fake.heads, strict=True)])
        self.meters.add(f"players/{player}_adversarial", loss)
        for name, term in self.due(player):
            with self.precision_of(term):
                value = getattr(term, player)(pair, self)
            if value is not None:
                self.meters.add(f"{name}{SUFFIXES[player]}", value)
                loss = loss + term.every * value.mean()
        self.meters.add(f"players/{player}_loss", loss)
        self._unchecked[player] = self._unchecked[player] + loss.detach()
        return loss

    def due(self, player: str) -> list[tuple[str, Term]]:
        """Return the terms that are computed at this update of `player`, every `term.every`-th."""
        update = {"discriminator": self.discriminator_updates, "generator": self.rounds}[player]
        return [(name, term) for name, term in self.terms.items() if update % term.every == 0]

    @contextmanager
    def precision_of(self, term: Term) -> Iterator[None]:
        if not term.full_precision:
            yield
            return
        with torch.autocast(self.device.type, enabled=False):
            yield

    def batches_of_steps(self, batch: Batch) -> list[Batch]:
        """Split the batch of a round into one batch for each discriminator step."""
        return [Batch(*parts) for parts in zip(*(t.chunk(self._discriminator_steps) for t in batch), strict=True)]

    def make_pairs(self, batch: Batch, *, with_graph: bool) -> list[Pair]:
        """Split a step's batch into micro-batches and generate a fake for each real sample."""
        labels = one_hot(batch.labels if self.label_sizes else batch.labels[:, :0], self.label_sizes)
        latents = torch.randn(len(labels), self.latent_dim, device=self.device)
        with torch.set_grad_enabled(with_graph):
            return [
                self.make_pair(*parts)
                for parts in zip(*(t.chunk(self._accumulate) for t in (batch.images, labels, latents)), strict=True)
            ]

    def make_pair(self, stored: Tensor, labels: Tensor, latents: Tensor) -> Pair:
        real = self.codec.to_model(stored, channels_last=self._channels_last)
        draw = self.augment.draw(real) if self.augment.shared else None
        return Pair(real, self.generator(latents, labels), labels, latents, draw)

    def judge(self, samples: Tensor, labels: Tensor, draw: Any = None) -> DiscriminatorOutput:
        """Return the discriminator's output for augmented samples; logits in float32."""
        return output_of(self.discriminator(self.augment(samples, draw), labels))

    def measure_logits(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> None:
        for name, output in (("real", real), ("fake", fake)):
            logits = output.logits.detach()
            self.meters.add(f"players/logits_{name}", logits)
            self.meters.add(f"players/d_{name}", logits.sigmoid())

    def show_to_augmentation(self, pairs: Sequence[Pair]) -> None:
        """Pass the mean sign of D(real) to the augmentation, and log the augmentation's strength."""
        if self.augment.observes:
            outputs = [pair.real_output for pair in pairs if pair.real_output is not None]
            sign = torch.cat([output.logits.sign() for output in outputs]).mean()
            self.augment.observe(
                self.mean_of_processes(sign), sum(len(pair.real) for pair in pairs) * self.trainer.world_size
            )
        if (strength := self.augment.strength) is not None:
            self.meters.add("augment/strength", strength.clone())

    def mean_of_processes(self, value: Tensor) -> Tensor:
        return cast(Tensor, self.trainer.strategy.reduce(value, reduce_op="mean"))

    def descend(self, optimizer: LightningOptimizer, loss_of: Callable[[Pair], Tensor], pairs: Sequence[Pair]) -> None:
        """Update one player with the mean gradient of its micro-batches; a hook clips and checks it before the step."""
        optimizer.zero_grad()
        for pair in pairs:
            loss = loss_of(pair)
            self.manual_backward(loss / self._accumulate if self._accumulate > 1 else loss)
        optimizer.step()

    # ------------------------------------------------------------------------------------------ around the round

    def begin_round(self, batch: Batch) -> tuple[LightningOptimizer, LightningOptimizer]:
        """Seed the round and set the learning rates; return the optimizers of discriminator and generator."""
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
        """Advance the clock and update the moving average."""
        images = images_of_this_process * self.trainer.world_size
        self.images_seen += images
        self.rounds += 1
        if self.rounds % self.ema.every == 0:
            if self.trainer.world_size > 1:
                self.agree_on_batch_statistics()
            self.ema.update(self._averaged, self.images_seen, self.ema.every * images)

    def agree_on_batch_statistics(self) -> None:
        """Average the generator's batch statistics (floating-point buffers) over all processes.

        Each process has seen another share of the batch, and DDP broadcasts the buffers of the first process only
        before the next round: without this, moving averages and scores would differ between processes.
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
        optimizers = [self._optimizers_of[player](self.trained_with(player)) for player in PLAYERS]
        # lr_scale multiplies a group's learning rate: StyleGAN's mapping learns at a hundredth of it.
        self._learning_rates = [[g["lr"] * g.get("lr_scale", 1.0) for g in o.param_groups] for o in optimizers]
        groups = zip(PLAYERS, (o.param_groups for o in optimizers), strict=True)
        self._weights = {player: [p for group in found for p in group["params"]] for player, found in groups}
        return optimizers

    def trained_with(self, player: str) -> Parameters:
        """Return the parameter groups of `player`'s optimizer: those of its network, then the weights of its parts.

        For a network without `param_groups()`, one group of all its parameters that require gradients.
        """
        network = getattr(self, player)
        own = [p for p in network.parameters() if p.requires_grad]
        groups = network.param_groups() if hasattr(network, "param_groups") else [{"params": own}]
        parts = [part for part in self.parts.values() if getattr(part, "trained_with", "discriminator") == player]
        if learnt := [p for part in parts for p in part.parameters() if p.requires_grad]:
            groups = [*groups, {"params": learnt}]
        return groups

    # ------------------------------------------------------------------------------------------ samples

    @torch.no_grad()
    def generate(self, latents: Tensor, labels: Tensor, *, by: nn.Module | None = None) -> Tensor:
        """Return generated samples as they are stored, images uint8 [N, H, W, C], computed in float32.

        Args:
            latents: [N, latent_dim].
            labels: classes int64 [N, F], −1 unknown, or weights float [N, ΣK].
            by: the generator; None for the moving average.
        """
        generator = by or self.generator_ema
        was_training = generator.training
        generator.eval()
        with full_float32(self.device):
            weights = one_hot(labels, self.label_sizes).to(self.device)
            samples = self.codec.to_stored(generator(latents.to(self.device), weights))
        generator.train(was_training)
        return samples

    def train(self, mode: bool = True) -> GAN:
        super().train(mode)
        self.generator_ema.eval()
        return self

    # ------------------------------------------------------------------------------------------ checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["ganart"] = {name: getattr(self, name) for name in CLOCKS}
        checkpoint["meters"] = self.meters.state_dict()
        checkpoint["threads"] = torch.get_num_threads()  # their number changes the last bits on a CPU

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        for name in CLOCKS:
            setattr(self, name, checkpoint["ganart"][name])
        self._measured = checkpoint.get("meters")


SUFFIXES = {"discriminator": "", "generator": "_generator"}  # appended to the names that terms are logged under
CLOCKS = ("images_seen", "rounds", "discriminator_updates")


def count_as_one_step(optimizer_d: LightningOptimizer) -> None:
    """Keep Lightning from counting the discriminator's updates, so that `global_step` and `max_steps` count rounds.

    Lightning counts every `optimizer.step()` (pytorch-lightning#17958) through two hooks that it sets again for each
    batch. A test checks that five rounds are five steps.
    """
    optimizer_d._on_before_step = do_nothing_closure
    optimizer_d._on_after_step = do_nothing_closure


def normalizes_batches(network: nn.Module) -> bool:
    """Return whether `network` has batch normalization, which makes its output for an image depend on the batch."""
    return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in network.modules())
