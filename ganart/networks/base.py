"""The interface of generators: synthesis ∘ mapping."""

from __future__ import annotations

from torch import Tensor, nn


class Generator(nn.Module):
    """Latents [N, latent_dim] and label weights [N, ΣK] → code → samples.

    A code is what walks, directions, mixing and truncation act on: the conditioned latents of the networks before
    2018, StyleGAN's w. A subclass has `mapping` and `synthesis`.
    """

    latent_dim: int

    def mapping(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Return the code [N, …] of latents [N, latent_dim] and label weights [N, ΣK]."""
        raise NotImplementedError

    def synthesis(self, code: Tensor) -> Tensor:
        """Return samples, images [N, C, H, W] in [−1, 1], of a code."""
        raise NotImplementedError

    def centre(self, labels: Tensor) -> Tensor | None:
        """Return the mean code for label weights [N, ΣK], [N, …] or one for all, which truncation moves codes towards.

        None where codes have no known mean: then truncation draws latents anew that lie too far out.
        """
        return None

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesis(self.mapping(latents, labels))
