"""The minimax loss: Goodfellow et al. 2014, "Generative Adversarial Nets" (arXiv:1406.2661), eq. 1."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class Minimax:
    """min_G max_D  E[log σ(D(x))] + E[log(1 − σ(D(G(z))))].

    L_D = E[softplus(−D(x))] + E[softplus(D(G(z)))],   L_G = −E[softplus(D(G(z)))].

    The generator's loss saturates: where the discriminator is certain that an image is generated, the generator gets
    almost no gradient, ∂L_G/∂D = −σ(D(G(z))) → 0.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(-real_logits) + softplus(fake_logits)

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return -softplus(fake_logits)
