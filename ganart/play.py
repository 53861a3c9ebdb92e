"""The interface between the two players: discriminator outputs, micro-batches, and terms of their losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.ranges import is_number

PLAYERS = ("discriminator", "generator")


class DiscriminatorOutput(NamedTuple):
    """The output of a discriminator for N samples; `output_of` wraps a bare tensor of logits.

    Attributes:
        heads: logits [N] or [N, …], one tensor per head: of whole images, patches or scales; large = real.
        features: activations of inner layers, for terms that compare them.
        class_logits: [N, K_f] for each label factor f, for auxiliary classifiers.
    """

    heads: tuple[Tensor, ...]
    features: tuple[Tensor, ...] = ()
    class_logits: tuple[Tensor, ...] = ()

    @property
    def logits(self) -> Tensor:
        """One logit per sample, [N]: the mean over places, then over heads."""
        means = [head if head.ndim == 1 else head.flatten(1).mean(1) for head in self.heads]
        return means[0] if len(means) == 1 else torch.stack(means).mean(0)

    def detach(self, *, features: bool = True) -> DiscriminatorOutput:
        """Return a copy without gradient history; with `features=False` also without features, to save memory."""
        kept = (self.heads, self.features if features else (), self.class_logits)
        return DiscriminatorOutput(*(tuple(tensor.detach() for tensor in tensors) for tensors in kept))


def output_of(said: Tensor | DiscriminatorOutput) -> DiscriminatorOutput:
    """Return a discriminator's result as a `DiscriminatorOutput` with logits in float32."""
    output = said if isinstance(said, DiscriminatorOutput) else DiscriminatorOutput((said,))
    return output._replace(
        heads=tuple(head.float() for head in output.heads),
        class_logits=tuple(logits.float() for logits in output.class_logits),
    )


@dataclass
class Pair:
    """One micro-batch: real samples, as many fakes, the labels of both, and the latents.

    Attributes:
        real: samples as the networks take them: images float [N, C, H, W] in [−1, 1].
        fake: generated samples of the same shape, with a graph if the generator's step reuses it.
        labels: float weights [N, ΣK] of the classes, see `ganart.layers.conditioning.one_hot`.
        latents: [N, latent_dim].
        draw: the augmentation shared by the two samples of a pair, or None if each has its own.
        real_output: D(real); in the generator's step that of the last discriminator step, without graph.
        fake_output: D(fake), computed in the current player's step.
    """

    real: Tensor
    fake: Tensor
    labels: Tensor
    latents: Tensor
    draw: Any = None
    real_output: DiscriminatorOutput | None = None
    fake_output: DiscriminatorOutput | None = None


class Play(Protocol):
    """The part of `ganart.gan.GAN` that a term may use."""

    generator: nn.Module
    discriminator: nn.Module
    images_seen: int

    def judge(self, samples: Tensor, labels: Tensor) -> DiscriminatorOutput:
        """Return the discriminator's output for `samples`, augmented as in training; logits in float32."""
        ...

    def mean_of_processes(self, value: Tensor) -> Tensor:
        """Return the mean of `value` over all processes: the state of a term must be the same in all of them."""
        ...


class Term:
    """A term of one or both players' losses; a term with weights or state is an `nn.Module` too.

    `discriminator` and `generator` return a tensor of any shape, whose mean is added to that player's loss, or None.
    With `every` = k they are called at each k-th update of their player only and weighted by k ("lazy regularization",
    Karras et al. 2020, arXiv:1912.04958, section 3.1). With `full_precision` they run outside of autocast.

    The weights of a term are trained by the optimizer of the player that `trained_with` names.
    """

    every: int = 1
    full_precision: ClassVar[bool] = False
    trained_with: ClassVar[str] = "discriminator"

    def discriminator(self, pair: Pair, play: Play) -> Tensor | None:
        """Return the term of the discriminator's loss; `pair.real_output` and `pair.fake_output` have a graph."""
        return None

    def generator(self, pair: Pair, play: Play) -> Tensor | None:
        """Return the term of the generator's loss; only `pair.fake` and `pair.fake_output` have a graph."""
        return None

    def constrain(self, discriminator: nn.Module) -> None:
        """Change the discriminator's weights in place after its update; the default changes nothing."""


def refuse_unless_period(every: object) -> None:
    """Raise `UserError` unless `every` is a whole number of at least 1."""
    if not is_number(every, int) or every < 1:  # type: ignore[operator]
        raise UserError(f"every={every} is not a number of updates. Use every=1 or more.")
