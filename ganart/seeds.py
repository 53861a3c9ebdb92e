"""Seeds as functions of names and numbers, and latents of seeds, both independent of earlier draws."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from ganart.errors import UserError

LARGEST_SEED = 2**63 - 1
LEAST_TRUNCATION = 0.01
"""The least truncation: below it, nearly every draw would be rejected."""


def mix(*parts: int | str) -> int:
    """Return a 63-bit seed, a hash of all `parts`."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def seed_generator(device: torch.device, seed: int) -> None:
    """Seed the generators of the CPU and of `device`.

    `torch.manual_seed` does the same, but slowly: it formats a stack trace for every absent kind of accelerator.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


def latents_of(seeds: list[int], latent_dim: int, *, truncation: float | None = None) -> Tensor:
    """Return one latent vector per seed, float32 [len(seeds), latent_dim] ~ N(0, I).

    Each is drawn on the CPU from its own generator, so that latents depend on their seed alone: neither on the batch
    nor on the device. With `truncation` τ, coordinates beyond ±τ are drawn again until none is left (the truncation
    trick of Brock et al. 2019, arXiv:1809.11096, section 3.1).

    Raises:
        UserError: for a truncation below `LEAST_TRUNCATION`.
    """
    refuse_truncation(truncation)
    return torch.stack([_latent_of(seed, latent_dim, truncation) for seed in seeds])


def refuse_truncation(truncation: float | None) -> None:
    """Raise `UserError` for a truncation below `LEAST_TRUNCATION` or NaN."""
    if truncation is not None and not truncation >= LEAST_TRUNCATION:
        raise UserError(f"truncation={truncation} must be at least {LEAST_TRUNCATION}, e.g. 0.7, or null for none.")


def _latent_of(seed: int, latent_dim: int, truncation: float | None) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    latent = torch.randn(latent_dim, generator=generator)
    while truncation is not None and (beyond := latent.abs() > truncation).any():
        latent[beyond] = torch.randn(int(beyond.sum()), generator=generator)
    return latent
