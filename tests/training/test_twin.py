"""The two-player step of `GAN` against an independent loop in plain PyTorch: the same weights after the same rounds."""

import copy
from itertools import product

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn.functional import logsigmoid, relu

from ganart import losses
from ganart.augment import Flip
from ganart.datasets.loader import Batch
from ganart.ema import EMA
from ganart.gan import GAN
from ganart.networks import mlp
from ganart.penalties import R1
from ganart.play import DiscriminatorOutput, Term
from ganart.schedules import Constant
from ganart.seeds import mix
from ganart.terms import FeatureMatching, LeCam

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


def trained(generator, discriminator, data, penalties, loss, steps, accumulate, ema_every, **more) -> GAN:
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
        **more,
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


# ---------------------------------------------------------------------------------------------- with all seams in use


class TwoHeads(nn.Module):
    """Images [N, 1, 4, 4] → one logit a picture, one a quarter, and features; the heads learn at half the rate."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.whole, self.quarters = nn.Linear(16, 6), nn.Linear(6, 1), nn.Conv2d(1, 1, 2, stride=2)
        self.frozen = nn.Linear(16, 6).requires_grad_(False)

    def param_groups(self):
        return [
            {"params": list(self.body.parameters())},
            {"params": [*self.whole.parameters(), *self.quarters.parameters()], "lr_scale": 0.5},
        ]

    def forward(self, images, labels):
        features = torch.tanh(self.body(images.flatten(1)) + self.frozen(images.flatten(1)))
        return DiscriminatorOutput((self.whole(features).squeeze(1), self.quarters(images).squeeze(1)), (features,))


class Weighted(nn.Module, Term):
    """w · D(G(z)) with a weight that the discriminator's optimizer learns."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def discriminator(self, pair, play):
        return (self.weight * pair.fake_output.logits - 1).square()


def twin_of_seams(generator, discriminator, weighted, data):
    """Two heads, flips shared by a pair, LeCam, feature matching every second round, a learnt term, groups of rates."""
    none, anchors = torch.empty(IMAGES, 0), None
    heads = [*discriminator.whole.parameters(), *discriminator.quarters.parameters()]
    others = [*discriminator.body.parameters(), weighted.weight]
    descent_d = torch.optim.SGD([{"params": others, "lr": RATE}, {"params": heads, "lr": RATE / 2}])
    descent_g = torch.optim.SGD(generator.parameters(), lr=RATE)
    for number, images in enumerate(data):
        torch.manual_seed(mix("round", SEED, 0, number))
        latents, mirrored = torch.randn(IMAGES, LATENT_DIM), torch.rand(IMAGES, 1, 1, 1) < 0.5
        real, fake = (images / 127.5 - 1).permute(0, 3, 1, 2), generator(latents, none)

        def judged(samples, mirrored=mirrored):
            (whole, quarters), (features,), _ = discriminator(torch.where(mirrored, samples.flip(3), samples), none)
            return whole, quarters, (whole + quarters.mean((1, 2))) / 2, features

        descent_d.zero_grad()
        on_real, on_fake = judged(real), judged(fake.detach())
        loss = sum((-logsigmoid(r) - logsigmoid(-f)).mean() for r, f in zip(on_real[:2], on_fake[:2], strict=True))
        means = torch.stack([on_real[2].mean(), on_fake[2].mean()]).detach()
        anchors = means if anchors is None else 0.9 * anchors + 0.1 * means
        lecam = (on_real[2] - anchors[1]) ** 2 + (on_fake[2] - anchors[0]) ** 2
        (loss + 0.3 * lecam.mean() + ((weighted.weight * on_fake[2] - 1) ** 2).mean()).backward()
        descent_d.step()
        descent_g.zero_grad()
        again = judged(fake)
        loss = sum(-logsigmoid(logits).mean() for logits in again[:2])
        if number % 2 == 0:
            loss = loss + 2 * 0.7 * (on_real[3].detach().mean(0) - again[3].mean(0)).square().mean()
        loss.backward()
        descent_g.step()
    return anchors


def test_the_step_with_every_seam_in_use_is_that_of_an_independent_loop():
    (generator, _), data = networks(), batches(IMAGES)
    discriminator, weighted = TwoHeads(), Weighted()
    lecam = LeCam(weight=0.3, decay=0.9)
    parts = copy.deepcopy((generator, discriminator, weighted))
    terms = {"lecam": lecam, "features": FeatureMatching(weight=0.7, every=2), "weighted": weighted}
    more = {"terms": terms, "augment": Flip(p=1.0, shared=True)}
    ours = trained(generator, discriminator, data, {}, "NonSaturating", 1, 1, 1, **more)
    anchors = twin_of_seams(*parts, data)
    assert torch.allclose(lecam.anchors, anchors, rtol=0, atol=1e-6)
    assert weighted.weight.item() == pytest.approx(parts[2].weight.item(), abs=1e-6)
    assert abs(weighted.weight.item() - 0.5) > 1e-3
    for mine, theirs in ((ours.generator, parts[0]), (ours.discriminator, parts[1])):
        for name, weight in theirs.state_dict().items():
            assert torch.allclose(mine.state_dict()[name].double(), weight.double(), rtol=0, atol=1e-6), name
    assert {"parts.terms/lecam.anchors", "parts.terms/weighted.weight", "parts.augment.p"} <= ours.state_dict().keys()
