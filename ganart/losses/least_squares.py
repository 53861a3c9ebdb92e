"""Least squares: Mao et al. 2017, "Least Squares Generative Adversarial Networks" (arXiv:1611.04076), eq. 9."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LeastSquares:
    """L_D = ½ E[(D(x) − 1)²] + ½ E[D(G(z))²],   L_G = ½ E[(D(G(z)) − 1)²].

    The 0–1 coding of the paper's eq. 9 (a = 0, b = c = 1): samples on the right side but far from the target are
    pulled back too, so the gradient does not vanish.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return 0.5 * (real_logits - 1).square() + 0.5 * fake_logits.square()

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return 0.5 * (fake_logits - 1).square()
