"""What an adversarial loss is: two pure functions of logits, one a player, in one object.

Convention for the whole package: a large logit means "looks real"; losses are minimised and are per sample, [N].
"""

from typing import Protocol

from torch import Tensor


class AdversarialLoss(Protocol):
    """The game that the two players play."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the discriminator's loss, [N], from logits [N] of real and of generated images."""
        ...

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the generator's loss, [N]. `real_logits` carry no gradient; most losses do not look at them."""
        ...
