"""Spectral normalization: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks".

The discriminator of DCGAN without batch normalization, every layer divided by its largest singular value
(arXiv:1802.05957, eq. 8), so that it is 1-Lipschitz up to its activations.
"""

from __future__ import annotations

from typing import Any

from ganart.layers.spectral import normalize_spectra
from ganart.networks import dcgan


class Discriminator(dcgan.Discriminator):
    """`ganart.networks.dcgan.Discriminator` with spectral normalization in every layer, without batch normalization."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, batch_norm=False)
        normalize_spectra(self)
