"""Codes and samples of seeds, with truncation."""

from __future__ import annotations

from torch import Tensor, nn

from ganart.networks.base import Generator
from ganart.seeds import latents_of


def code_of(generator: Generator, seeds: list[int], labels: Tensor, *, truncation: float | None = None) -> Tensor:
    """Return the code of each seed, [N, …], for label weights [N, ΣK] on the generator's device.

    `truncation` τ moves codes towards the generator's centre, w̄ + τ (w − w̄) (Karras et al. 2019, arXiv:1812.04948,
    appendix B). For a generator without a centre, it draws coordinates of the latents beyond ±τ again (Brock et al.
    2019, arXiv:1809.11096, section 3.1).
    """
    centre = generator.centre(labels)
    if truncation is None or centre is None:
        latents = latents_of(seeds, generator.latent_dim, truncation=truncation)
        return generator.mapping(latents.to(labels.device), labels)
    code = generator.mapping(latents_of(seeds, generator.latent_dim).to(labels.device), labels)
    return centre + truncation * (code - centre)


def samples_of(generator: nn.Module, seeds: list[int], labels: Tensor, *, truncation: float | None = None) -> Tensor:
    """Return the generator's sample of each seed, [N, …], for label weights [N, ΣK] on its device.

    A user's network that is no `Generator` has no code: it is called with latents and labels.
    """
    if isinstance(generator, Generator):
        return generator.synthesis(code_of(generator, seeds, labels, truncation=truncation))
    latents = latents_of(seeds, int(generator.latent_dim), truncation=truncation)  # type: ignore[arg-type]
    return generator(latents.to(labels.device), labels)
