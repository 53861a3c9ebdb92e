"""What a round refuses, what it shows to whom, and how labels and images go through it; its numbers: test_twin."""

import math

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.testing import assert_close

from ganart.datasets.loader import Batch
from ganart.ema import EMA
from ganart.errors import TrainingDivergedError
from ganart.gan import GAN
from ganart.losses import NonSaturating
from ganart.networks import mlp
from ganart.penalties import WeightClipping
from ganart.play import DiscriminatorOutput, Term, output_of
from ganart.schedules import Linear

SIZE = {"height": 4, "width": 4, "channels": 1}
IMAGES, LATENT_DIM = 8, 3


class Notes(mlp.Discriminator):
    """Keeps all that it was shown in training."""

    def __init__(self, **settings) -> None:
        super().__init__(**SIZE, hidden=[8], batch_norm=False, **settings)
        self.shown: list[torch.Tensor] = []

    def forward(self, images, labels):
        self.shown.append(images.detach().clone())
        return super().forward(images, labels)


def gan_of(label_sizes=(), *, discriminator=None, loss=None, **more) -> GAN:
    torch.manual_seed(0)
    settings = {"label_sizes": list(label_sizes), "embedding_dim": 4}
    generator = mlp.Generator(**SIZE, latent_dim=LATENT_DIM, hidden=[8], batch_norm=True, **settings)
    return GAN(
        **{
            "generator": generator,
            "discriminator": discriminator
            or mlp.Discriminator(**SIZE, hidden=[8], batch_norm=False, label_sizes=list(label_sizes)),
            "loss": loss or NonSaturating(),
            "penalties": {},
            "optimizers": {p: lambda w: torch.optim.SGD(w, lr=0.05) for p in ("discriminator", "generator")},
            "schedule": Linear(decay_images=10**6),
            "ema": EMA(half_life_images=30),
            "seed": 1,
            "label_sizes": label_sizes,
            **more,
        }
    )


def play(gan: GAN, folder, rounds: int = 2, *, images: int = IMAGES, labels=None, callbacks=()) -> list[Batch]:
    random = torch.Generator().manual_seed(5)
    data = []
    for _ in range(rounds):
        pictures = torch.randint(256, (images, 4, 4, 1), generator=random, dtype=torch.uint8)
        data.append(Batch(pictures, torch.empty(images, 0, dtype=torch.int64) if labels is None else labels))
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = pl.Trainer(
        max_steps=rounds, accelerator="cpu", default_root_dir=folder, callbacks=list(callbacks), **quiet
    )
    trainer.fit(gan, torch.utils.data.DataLoader(data, batch_size=None))
    return data


# ------------------------------------------------------------------------------------------ what each step is shown


@pytest.mark.parametrize("accumulate", [1, 2])
def test_each_discriminator_step_sees_other_real_pictures_and_all_of_them_once(tmp_path, accumulate):
    discriminator = Notes()
    gan = gan_of(discriminator=discriminator, discriminator_steps=3, accumulate=accumulate)
    (batch,) = play(gan, tmp_path, 1, images=3 * IMAGES)
    real = (batch.images / 127.5 - 1).permute(0, 3, 1, 2)
    # A discriminator's update is of pairs (real, fake); the generator's, of fakes alone, comes last.
    of_updates = discriminator.shown[: 2 * 3 * accumulate]
    assert_close(torch.cat(of_updates[0::2]), real, rtol=0, atol=1e-6)
    assert len(discriminator.shown) == 7 * accumulate


def test_a_round_draws_other_noise_than_the_last_and_another_seed_other_noise(tmp_path):
    fakes = []
    for seed in (1, 1, 2):
        discriminator = Notes()
        still = {p: lambda w: torch.optim.SGD(w, lr=1e-12) for p in ("discriminator", "generator")}
        play(gan_of(discriminator=discriminator, optimizers=still, seed=seed), tmp_path, 2)
        fakes.append((discriminator.shown[1], discriminator.shown[4]))
    assert not torch.allclose(*fakes[0], atol=1e-3)
    assert torch.equal(fakes[0][0], fakes[1][0])
    assert not torch.allclose(fakes[0][0], fakes[2][0], atol=1e-3)


def test_the_discriminators_weights_are_clipped_after_its_update(tmp_path):
    gan = gan_of(penalties={"clipping": WeightClipping(limit=0.01)})
    play(gan, tmp_path, 1)
    assert max(float(p.abs().max()) for p in gan.discriminator.parameters()) <= 0.01 + 1e-9
    assert max(float(p.abs().max()) for p in gan.generator.parameters()) > 0.01


def test_the_average_follows_the_images_of_all_rounds_since_its_last_move(tmp_path):
    class Weights(pl.Callback):
        def __init__(self):
            self.seen = []

        def on_train_batch_end(self, trainer, pl_module, *args):
            first = [next(n.parameters()).detach().clone() for n in (pl_module.generator, pl_module.generator_ema)]
            self.seen.append(first)

    weights = Weights()
    gan = gan_of(ema=EMA(half_life_images=3 * IMAGES, ramp_up=0, every=3))
    start = next(gan.generator_ema.parameters()).detach().clone()
    play(gan, tmp_path, 7, callbacks=[weights])
    raw, average = zip(*weights.seen, strict=True)
    assert torch.equal(average[0], start)
    assert torch.equal(average[1], start)
    assert_close(average[2], (start + raw[2]) / 2)  # three rounds are a half-life
    assert torch.equal(average[4], average[2])
    assert_close(average[5], (average[2] + raw[5]) / 2)


# ------------------------------------------------------------------------------------------ labels


@pytest.mark.parametrize("unknown", ["all", "half"])
def test_unknown_labels_teach_their_classes_nothing_and_training_goes_on(tmp_path, unknown):
    labels = torch.stack([torch.arange(IMAGES) % 2, torch.arange(IMAGES) % 3], dim=1)
    labels[slice(None) if unknown == "all" else slice(0, None, 2), 1] = -1
    gan = gan_of((2, 3))
    untouched = gan_of((2, 3)).state_dict()
    play(gan, tmp_path, 3, labels=labels)
    for player in (gan.generator, gan.discriminator):
        tables = [module for module in player.modules() if isinstance(module, nn.Embedding)]
        known, other = tables
        assert (known.num_embeddings, other.num_embeddings) == (2, 3)
        assert (known.weight.grad.abs().sum(1) > 0).all()
        # Class 1 of the second factor comes at rows 1, 4, 7; 0 at 0, 3, 6 and 2 at 2, 5: of all three some are known.
        told = other.weight.grad.abs().sum(1) > 0
        assert told.tolist() == [unknown == "half"] * 3
    state = gan.state_dict()
    assert all(value.isfinite().all() for value in state.values())
    assert any(not torch.equal(state[name], untouched[name]) for name in state if name.startswith("generator."))
    assert gan.generate(torch.randn(2, LATENT_DIM), torch.tensor([[0, -1], [-1, -1]])).shape == (2, 4, 4, 1)


def test_a_picture_of_unknown_class_is_judged_as_one_of_no_class():
    gan = gan_of((3,)).eval()
    latents, nobody = torch.randn(4, LATENT_DIM), torch.full((4, 1), -1)
    unknown = gan.generate(latents, nobody)
    assert torch.equal(unknown, gan.generate(latents, torch.zeros(4, 3)))  # weights of blends: none of any
    assert not torch.equal(unknown, gan.generate(latents, torch.zeros(4, 1, dtype=torch.int64)))


# ------------------------------------------------------------------------------------------ what is not finite


class Breaks(NonSaturating):
    """A loss whose generator's or discriminator's value becomes infinite, or its gradient alone."""

    def __init__(self, player: str, what: str) -> None:
        super().__init__()
        self.player, self.what = player, what

    def _spoilt(self, player, loss, logits):
        if player != self.player:
            return loss
        if self.what == "loss":
            return loss + torch.inf
        # At 0 the square root is finite, and its slope is not.
        return loss + (logits - logits.detach()).abs().sqrt()

    def discriminator(self, real_logits, fake_logits):
        return self._spoilt("discriminator", super().discriminator(real_logits, fake_logits), fake_logits)

    def generator(self, real_logits, fake_logits):
        return self._spoilt("generator", super().generator(real_logits, fake_logits), fake_logits)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_loss_or_gradient_that_is_not_finite_ends_the_training_in_its_own_round(tmp_path, player, what, clip):
    gan = gan_of(loss=Breaks(player, what), gradient_clip={player: clip})
    with pytest.raises(TrainingDivergedError, match=rf"of the {player} is not finite at 0 images \(round 0\)"):
        play(gan, tmp_path, 1)
    assert (tmp_path / "diverged_rank0.pt").is_file()
    assert all(p.isfinite().all() for p in getattr(gan, player).parameters())  # the step was not made


class Weight(nn.Module, Term):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def discriminator(self, pair, play):
        return self.weight * pair.fake_output.logits


@pytest.mark.parametrize("spoilt", ["generator", "discriminator", "parts"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_not_saved(tmp_path, spoilt, value):
    gan = gan_of(terms={"own": Weight()})
    play(gan, tmp_path, 1)
    gan.refuse_to_save_what_is_not_finite()
    with torch.no_grad():
        next(getattr(gan, spoilt).parameters()).view(-1)[0] = value
    with pytest.raises(TrainingDivergedError):
        gan.refuse_to_save_what_is_not_finite()


# ------------------------------------------------------------------------------------------ samples, rates, modes


def test_what_is_generated_depends_on_no_other_picture_and_leaves_the_mode_as_it_was(tmp_path):
    gan = gan_of(ema=EMA(half_life_images=10**9, ramp_up=0))
    play(gan, tmp_path, 3)
    latents, labels = torch.randn(6, LATENT_DIM), torch.empty(6, 0, dtype=torch.int64)
    gan.generator.train()
    for by in (None, gan.generator):
        together = gan.generate(latents, labels, by=by)
        assert torch.equal(together[:2], gan.generate(latents[:2], labels[:2], by=by))
    assert gan.generator.training
    assert not gan.generator_ema.training
    assert not torch.equal(gan.generate(latents, labels), gan.generate(latents, labels, by=gan.generator))


def test_rates_follow_the_schedule_by_images_seen(tmp_path):
    class Rates(pl.Callback):
        def __init__(self):
            self.seen = []

        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            self.seen.append(optimizer.param_groups[0]["lr"])

    rates = Rates()
    gan = gan_of(schedule=Linear(decay_images=4 * IMAGES))
    play(gan, tmp_path, 4, callbacks=[rates])
    assert rates.seen == pytest.approx([0.05 * share for share in (1, 1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25)])
    assert (gan.images_seen, gan.rounds, gan.discriminator_updates) == (4 * IMAGES, 4, 4)


def test_logits_are_float32_and_one_for_each_sample_whatever_the_heads():
    halves = torch.ones(3, 2, 2, dtype=torch.bfloat16), torch.zeros(3, dtype=torch.bfloat16)
    output = output_of(DiscriminatorOutput(halves))
    assert [head.dtype for head in output.heads] == [torch.float32] * 2
    assert output.logits.tolist() == [0.5] * 3  # the mean of 1, over four places, and of 0
    assert output_of(torch.ones(3)).logits.tolist() == [1.0] * 3
