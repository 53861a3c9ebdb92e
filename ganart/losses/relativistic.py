"""The relativistic pairing loss: Jolicoeur-Martineau 2018, "The relativistic discriminator" (arXiv:1807.00734), RpGAN.

Huang et al. 2024, "The GAN is dead; long live the GAN!" (R3GAN, arXiv:2501.05441), prove local convergence for it
together with R1 and R2.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class Relativistic:
    """L_D = E[softplus(−(D(x) − D(G(z))))],   L_G = E[softplus(−(D(G(z)) − D(x)))].

    The logit of each generated image is compared with that of a real one, so dropping a mode keeps raising the loss.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(fake_logits - real_logits)

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(real_logits - fake_logits)
