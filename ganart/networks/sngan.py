"""Spectral normalization: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks".

The discriminator of DCGAN without batch normalization, every layer divided by its largest singular value
(arXiv:1802.05957, eq. 8), so that it is 1-Lipschitz up to its activations; one step of power iteration at each forward
pass (Algorithm 1). The vectors of the power iteration are buffers, saved and resumed with the run.
"""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganart.networks import dcgan

NORMALIZED = (nn.Conv2d, nn.Linear, nn.Embedding)


class Discriminator(dcgan.Discriminator):
    """`ganart.networks.dcgan.Discriminator` with spectral normalization in every layer, without batch normalization."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, batch_norm=False)
        for layer in [module for module in self.modules() if isinstance(module, NORMALIZED)]:
            spectral_norm(layer)
