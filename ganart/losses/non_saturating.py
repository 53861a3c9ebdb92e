"""The non-saturating loss: Goodfellow et al. 2014, "Generative Adversarial Nets" (arXiv:1406.2661), section 3."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class NonSaturating:
    """L_D = E[softplus(−D(x))] + E[softplus(D(G(z)))],   L_G = E[softplus(−D(G(z)))] = −E[log σ(D(G(z)))].

    Same fixed point as the minimax loss, but the generator's gradient is largest where the discriminator is certain
    that an image is generated.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(-real_logits) + softplus(fake_logits)

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(-fake_logits)
