"""The hinge loss: Lim and Ye 2017, "Geometric GAN" (arXiv:1705.02894); used by SAGAN and BigGAN."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu


@dataclass(frozen=True)
class Hinge:
    """L_D = E[max(0, m − D(x))] + E[max(0, m + D(G(z)))],   L_G = −E[D(G(z))].

    A sample classified rightly by more than the margin `m` gives the discriminator no gradient.
    """

    margin: float = 1.0

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return relu(self.margin - real_logits) + relu(self.margin + fake_logits)

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return -fake_logits
