"""What a training comes to: eight Gaussians on a circle, learnt by `GAN` itself in seconds."""

import math

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from ganart.datasets.loader import Batch
from ganart.ema import EMA
from ganart.gan import GAN
from ganart.losses import Relativistic
from ganart.penalties import R1, R2
from ganart.schedules import Constant

MODES, RADIUS, DEVIATION = 8, 0.7, 0.05
CENTRES = torch.tensor(
    [[RADIUS * math.cos(2 * math.pi * n / MODES), RADIUS * math.sin(2 * math.pi * n / MODES)] for n in range(MODES)]
)


class Points(nn.Module):
    """Latents [N, Z] to images of one pixel and two channels, [N, 2, 1, 1]: points of the plane."""

    latent_dim = 4

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, latents, labels):
        return self.layers(latents)[:, :, None, None]


class Judge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )

    def forward(self, images, labels):
        return self.layers(images.flatten(1)).squeeze(1)


def points(count: int, seed: int) -> torch.Tensor:
    """Samples of the eight Gaussians, [count, 2, 1, 1]."""
    random = torch.Generator().manual_seed(seed)
    which = torch.randint(MODES, (count,), generator=random)
    return (CENTRES[which] + DEVIATION * torch.randn(count, 2, generator=random))[:, :, None, None]


def found(samples: torch.Tensor) -> tuple[int, float]:
    """How many of the modes have at least a quarter of their share of good samples, and the share of good samples.

    Good samples lie within three deviations of a centre: 98.9 % of the real ones.
    """
    apart, nearest = torch.cdist(samples.flatten(1), CENTRES).min(1)
    good = apart < 3 * DEVIATION
    counts = torch.bincount(nearest[good], minlength=MODES)
    return int((counts >= len(samples) / MODES / 4).sum()), float(good.float().mean())


def trained(rounds: int) -> GAN:
    torch.manual_seed(0)
    rates = {"discriminator": 2e-3, "generator": 1e-3}
    gan = GAN(
        generator=Points(),
        discriminator=Judge(),
        loss=Relativistic(),
        penalties={"r1": R1(gamma=0.05), "r2": R2(gamma=0.05)},
        optimizers={
            player: lambda weights, lr=lr: torch.optim.Adam(weights, lr=lr, betas=(0.0, 0.99))
            for player, lr in rates.items()
        },
        schedule=Constant(),
        ema=EMA(half_life_images=5_000),
        seed=0,
    )
    batches = [Batch(points(128, seed), torch.empty(128, 0, dtype=torch.int64)) for seed in range(rounds)]
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = pl.Trainer(max_steps=rounds, accelerator="cpu", **quiet)
    trainer.fit(gan, torch.utils.data.DataLoader(batches, batch_size=None))
    return gan


@torch.no_grad()
def made_by(generator: nn.Module) -> torch.Tensor:
    torch.manual_seed(1)
    return generator(torch.randn(2000, 4), torch.empty(2000, 0))


def test_real_points_are_all_good_and_an_untrained_generators_are_not():
    assert found(points(2000, 99))[0] == MODES
    assert found(points(2000, 99))[1] > 0.97
    modes, good = found(made_by(trained(1).generator))
    assert modes == 0
    assert good < 0.1


@pytest.mark.slow
def test_the_moving_average_learns_all_modes():
    """It came to 8 modes and 70 % of good samples; a generator that does not learn has none, see above."""
    gan = trained(800)
    modes, good = found(made_by(gan.generator_ema))
    assert modes >= MODES - 1
    assert good > 0.5
