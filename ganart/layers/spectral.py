"""Spectral normalization of whole networks."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

NORMALIZED = (nn.Conv2d, nn.Linear, nn.Embedding)


def normalize_spectra(network: nn.Module) -> None:
    """Divide the weight of every layer of `network` by its largest singular value, from now on, in place.

    Miyato et al. 2018 (arXiv:1802.05957), eq. 8, with one step of power iteration at each forward pass in training mode
    (Algorithm 1). The vectors of the iteration are buffers, saved and resumed with the network.
    """
    for layer in [module for module in network.modules() if isinstance(module, NORMALIZED)]:
        spectral_norm(layer)
