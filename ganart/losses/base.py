"""The interface of adversarial losses: two pure functions of logits, one per player.

Convention for the whole package: a large logit means real; losses are minimised and are per sample, [N].
"""

from typing import Protocol

from torch import Tensor


class AdversarialLoss(Protocol):
    """The losses of both players."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the discriminator's loss, [N], from logits [N] of real and of generated images."""
        ...

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the generator's loss, [N]. `real_logits` carry no gradient; most losses do not use them."""
        ...
