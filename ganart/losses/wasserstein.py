"""The Wasserstein loss: Arjovsky et al. 2017, "Wasserstein GAN" (arXiv:1701.07875), eq. 2."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class Wasserstein:
    """L_D = E[D(G(z))] − E[D(x)],   L_G = −E[D(G(z))].

    An estimate of the earth mover's distance only where the discriminator is Lipschitz: use it with
    `penalty=wgan_gp` or, as the paper does, `penalty=weight_clipping`.
    """

    needs_lipschitz: ClassVar[bool] = True  # checked before a run: without a penalty it is refused

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return fake_logits - real_logits

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return -fake_logits
