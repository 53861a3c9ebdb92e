"""What the two players exchange: discriminator outputs, micro-batches, and the terms added to their losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.ranges import is_number


class DiscriminatorOutput(NamedTuple):
    """What a discriminator says about N samples; a bare tensor of logits is wrapped by `output_of`.

    Attributes:
        heads: logits [N] or [N, …], one tensor a head: of the whole picture, of patches, of scales; large = real.
        features: activations of inner layers, for terms that compare them.
        class_logits: [N, K_f] for each label factor f, for auxiliary classifiers.
    """

    heads: tuple[Tensor, ...]
    features: tuple[Tensor, ...] = ()
    class_logits: tuple[Tensor, ...] = ()

    @property
    def logits(self) -> Tensor:
        """Return one logit a sample, [N]: the mean over places, then over heads."""
        means = [head if head.ndim == 1 else head.flatten(1).mean(1) for head in self.heads]
        return means[0] if len(means) == 1 else torch.stack(means).mean(0)

    def detach(self, *, features: bool = True) -> DiscriminatorOutput:
        """Return the same without gradient history, and without `features` where nobody will look at them."""
        kept = (self.heads, self.features if features else (), self.class_logits)
        return DiscriminatorOutput(*(tuple(tensor.detach() for tensor in tensors) for tensors in kept))


def output_of(said: Tensor | DiscriminatorOutput) -> DiscriminatorOutput:
    """Wrap what a discriminator returned, its logits in float32."""
    output = said if isinstance(said, DiscriminatorOutput) else DiscriminatorOutput((said,))
    return output._replace(
        heads=tuple(head.float() for head in output.heads),
        class_logits=tuple(logits.float() for logits in output.class_logits),
    )


@dataclass
class Pair:
    """One micro-batch: real samples, generated ones against them, the labels of both, and the latents.

    Attributes:
        real: float samples as the model takes them: images [N, C, H, W] in [−1, 1].
        fake: as many generated ones, with a graph where the generator's step uses it again.
        labels: float weights [N, ΣK] of the classes, see `ganart.layers.conditioning.one_hot`.
        latents: [N, latent_dim].
        draw: the augmentation that both samples of a pair get, or None if each gets its own.
        real_output: what the discriminator says of `real`; in the generator's step from the step before, without graph.
        fake_output: what it says of `fake`, in this player's own step.
    """

    real: Tensor
    fake: Tensor
    labels: Tensor
    latents: Tensor
    draw: Any = None
    real_output: DiscriminatorOutput | None = None
    fake_output: DiscriminatorOutput | None = None


class Play(Protocol):
    """What a term may ask of the game that it is part of; `ganart.gan.GAN` is one."""

    generator: nn.Module
    discriminator: nn.Module
    images_seen: int

    def judge(self, samples: Tensor, labels: Tensor) -> DiscriminatorOutput:
        """Return the discriminator's output for `samples`, augmented as in training; logits in float32."""
        ...

    def mean_of_processes(self, value: Tensor) -> Tensor:
        """Return the mean of `value` over all processes: state of a term must be the same in all of them."""
        ...


class Term:
    """A term of one or both players' losses. A term with weights or state is an `nn.Module` too.

    `discriminator` and `generator` return a tensor of any shape, whose mean is added to that player's loss, or None.
    With `every` = k they are called at each k-th update of their player only, and count k-fold ("lazy regularization",
    Karras et al. 2020, arXiv:1912.04958, section 3.1). With `full_precision` they run outside of autocast.

    The weights of a term train together with those of the player that `trained_with` names.
    """

    every: int = 1
    full_precision: ClassVar[bool] = False
    trained_with: ClassVar[str] = "discriminator"

    def discriminator(self, pair: Pair, play: Play) -> Tensor | None:
        """Return what is added to the discriminator's loss; `pair.real_output` and `pair.fake_output` have a graph."""
        return None

    def generator(self, pair: Pair, play: Play) -> Tensor | None:
        """Return what is added to the generator's loss; of `pair` only `fake` and `fake_output` have a graph."""
        return None

    def constrain(self, discriminator: nn.Module) -> None:
        """Change the discriminator's weights in place after its update; most terms do not."""


def refuse_unless_period(every: object) -> None:
    """Raise `UserError` unless `every` is a whole number of at least 1."""
    if not is_number(every, int) or every < 1:  # type: ignore[operator]
        raise UserError(f"every={every} is not a number of updates. Use every=1 or more.")
