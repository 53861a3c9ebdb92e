"""The two-player step of `GAN` against an independent loop in plain PyTorch: the same weights after the same rounds."""

import copy
from itertools import product

import pytest
import pytorch_lightning as pl
import torch
from torch.nn.functional import logsigmoid, relu

from ganart import losses
from ganart.datasets.loader import Batch
from ganart.ema import EMA
from ganart.gan import GAN
from ganart.networks import mlp
from ganart.penalties import R1
from ganart.schedules import Constant
from ganart.seeds import mix

ROUNDS, IMAGES, LATENT_DIM, RATE, SEED = 5, 8, 3, 0.05, 11

# Real and fake logits to each player's loss, as the papers write them.
BY_HAND = {
    "Minimax": (lambda r, f: -(logsigmoid(r) + logsigmoid(-f)), lambda r, f: logsigmoid(-f)),
    "NonSaturating": (lambda r, f: -(logsigmoid(r) + logsigmoid(-f)), lambda r, f: -logsigmoid(f)),
    "LeastSquares": (lambda r, f: ((r - 1) ** 2 + f**2) / 2, lambda r, f: (f - 1) ** 2 / 2),
    "Hinge": (lambda r, f: relu(1 - r) + relu(1 + f), lambda r, f: -f),
    "Wasserstein": (lambda r, f: f - r, lambda r, f: -f),
    "Relativistic": (lambda r, f: -logsigmoid(r - f), lambda r, f: -logsigmoid(f - r)),
}


def networks():
    torch.manual_seed(SEED)
    size = {"height": 4, "width": 4, "channels": 1}
    generator = mlp.Generator(**size, latent_dim=LATENT_DIM, hidden=[8], batch_norm=True, embedding_dim=4)
    return generator, mlp.Discriminator(**size, hidden=[8], batch_norm=False)


def batches(images: int):
    random = torch.Generator().manual_seed(SEED)
    return [torch.randint(256, (images, 4, 4, 1), generator=random, dtype=torch.uint8) for _ in range(ROUNDS)]


def trained(generator, discriminator, data, penalties, loss, steps, accumulate, ema_every) -> GAN:
    """The same rounds by `GAN`."""
    gan = GAN(
        generator=generator,
        discriminator=discriminator,
        loss=getattr(losses, loss)(),
        penalties=penalties,
        optimizers={player: lambda p: torch.optim.SGD(p, lr=RATE) for player in ("discriminator", "generator")},
        schedule=Constant(),
        ema=EMA(half_life_images=30, ramp_up=0, every=ema_every),
        seed=SEED,
        discriminator_steps=steps,
        accumulate=accumulate,
    )
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = pl.Trainer(max_steps=ROUNDS, accelerator="cpu", **quiet)
    labelled = [Batch(images, torch.empty(len(images), 0, dtype=torch.int64)) for images in data]
    trainer.fit(gan, torch.utils.data.DataLoader(labelled, batch_size=None))
    return gan


def twin(generator, discriminator, data, gamma, lazy, loss, steps, accumulate, ema_every):
    """Goodfellow et al. (2014), Algorithm 1, with nothing of ganart's but the seed of a round."""
    loss_d, loss_g = BY_HAND[loss]
    average = copy.deepcopy(generator)
    descent_d, descent_g = (torch.optim.SGD(player.parameters(), lr=RATE) for player in (discriminator, generator))
    none, updates = torch.empty(IMAGES // accumulate, 0), 0
    for number, images in enumerate(data, start=1):
        torch.manual_seed(mix("round", SEED, 0, number - 1))
        for real_images in (images / 127.5 - 1).permute(0, 3, 1, 2).split(IMAGES):
            latents = torch.randn(IMAGES, LATENT_DIM)
            parts = list(zip(real_images.chunk(accumulate), latents.chunk(accumulate), strict=True))
            fakes = [generator(part, none) for _, part in parts]
            descent_d.zero_grad()
            real_logits = []
            for (real, _), fake in zip(parts, fakes, strict=True):
                real = real.clone().requires_grad_()
                on_real, on_fake = discriminator(real, none).logits, discriminator(fake.detach(), none).logits
                real_logits.append(on_real.detach())
                total = loss_d(on_real, on_fake).mean()
                if gamma and updates % lazy == 0:
                    (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
                    total = total + lazy * gamma / 2 * slope.square().sum((1, 2, 3)).mean()
                (total / accumulate).backward()
            descent_d.step()
            updates += 1
        descent_g.zero_grad()
        for (_, part), fake, logits in zip(parts, fakes, real_logits, strict=True):
            fake = fake if accumulate == 1 else generator(part, none)
            (loss_g(logits, discriminator(fake, none).logits).mean() / accumulate).backward()
        descent_g.step()
        if number % ema_every == 0:
            keep = 0.5 ** (ema_every * len(images) / 30)
            for old, new in zip(average.state_dict().values(), generator.state_dict().values(), strict=True):
                old.copy_(old * keep + new * (1 - keep) if old.is_floating_point() else new)
    return average


@pytest.mark.parametrize("loss", BY_HAND)
def test_the_step_is_that_of_an_independent_loop(loss):
    for steps, accumulate, (gamma, lazy), ema_every in product((1, 3), (1, 4), ((0, 1), (0.5, 1), (0.5, 2)), (1, 2)):
        (generator, discriminator), data = networks(), batches(steps * IMAGES)
        penalties = {"r1": R1(gamma=gamma, every=lazy)} if gamma else {}
        ours = trained(
            *map(copy.deepcopy, (generator, discriminator)), data, penalties, loss, steps, accumulate, ema_every
        )
        average = twin(generator, discriminator, data, gamma, lazy, loss, steps, accumulate, ema_every)
        case = (steps, accumulate, gamma, lazy, ema_every)
        for mine, theirs in (
            (ours.generator, generator),
            (ours.discriminator, discriminator),
            (ours.generator_ema, average),
        ):
            for name, weight in theirs.state_dict().items():
                assert torch.allclose(mine.state_dict()[name].double(), weight.double(), rtol=0, atol=1e-6), (
                    case,
                    name,
                )
        for moved, start in zip((generator, discriminator, average), (*networks(), networks()[0]), strict=True):
            pairs = zip(moved.parameters(), start.parameters(), strict=True)
            assert max(float((new - old).abs().max()) for new, old in pairs) > 1e-3, case
