"""The interface of generators: synthesis ∘ mapping."""

from __future__ import annotations

from torch import Tensor, nn


class Generator(nn.Module):
    """Latents [N, latent_dim] and label weights [N, ΣK] → code → samples.

    Walks, directions, mixing and truncation act on codes: conditioned latents in networks without a learnt mapping,
    w in StyleGAN. A subclass implements `mapping` and `synthesis`.
    """

    latent_dim: int

    def mapping(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Return the code [N, …] of latents [N, latent_dim] and label weights [N, ΣK]."""
        raise NotImplementedError

    def synthesis(self, code: Tensor) -> Tensor:
        """Return samples, images [N, C, H, W] in [−1, 1], of a code."""
        raise NotImplementedError

    def centre(self, labels: Tensor) -> Tensor | None:
        """Return the mean code for label weights [N, ΣK], [N, …] or one for all: the target of truncation.

        None if the mean is not known; truncation then draws the coordinates of latents beyond its limit again.
        """
        return None

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesis(self.mapping(latents, labels))
