"""Seeds that are functions of names and numbers, so that nothing depends on what was drawn before."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from ganart.errors import UserError

LARGEST_SEED = 2**63 - 1
LEAST_TRUNCATION = 0.01
"""Latents that may hardly differ from zero are drawn again for ever."""


def mix(*parts: int | str) -> int:
    """Return a 63-bit seed that changes in every bit when any of `parts` changes."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def seed_generator(device: torch.device, seed: int) -> None:
    """Seed the generators that a round on `device` draws from.

    `torch.manual_seed` would do it too, but formats a stack trace for every kind of accelerator that is not there.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


def latents_of(seeds: list[int], latent_dim: int, *, truncation: float | None = None) -> Tensor:
    """Return one latent vector per seed, float32 [len(seeds), latent_dim] ~ N(0, I).

    Drawn on the CPU, each from its own generator, so that a picture's latents depend on its seed alone: not on the
    batch it is drawn in, nor on the device. With `truncation` τ, coordinates beyond ±τ are drawn again until none is
    (the truncation trick of Brock et al. 2019, arXiv:1809.11096, section 3.1).

    Raises:
        UserError: for a truncation below `LEAST_TRUNCATION`.
    """
    refuse_truncation(truncation)
    return torch.stack([_latent_of(seed, latent_dim, truncation) for seed in seeds])


def refuse_truncation(truncation: float | None) -> None:
    """Raise `UserError` for a truncation below `LEAST_TRUNCATION`, or one that is no number."""
    if truncation is not None and not truncation >= LEAST_TRUNCATION:
        raise UserError(f"truncation={truncation} must be at least {LEAST_TRUNCATION}, e.g. 0.7, or null for none.")


def _latent_of(seed: int, latent_dim: int, truncation: float | None) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    latent = torch.randn(latent_dim, generator=generator)
    while truncation is not None and (beyond := latent.abs() > truncation).any():
        latent[beyond] = torch.randn(int(beyond.sum()), generator=generator)
    return latent
