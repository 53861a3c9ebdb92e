"""Which round is the best, which files stay, and what they hold."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ganart.callbacks import Checkpoint
from ganart.errors import TrainingDivergedError
from ganart.metrics import Result


def result(value, name="fid", lower=True):
    return Result(name, value, None, None, lower, {}, name)


class Gan(SimpleNamespace):
    def refuse_what_is_not_finite(self):
        pass

    def refuse_to_save_what_is_not_finite(self):
        if self.is_spoilt:
            raise TrainingDivergedError("a weight is not finite")


@pytest.fixture
def trainer(tmp_path):
    """Saves the weights of `trainer.gan`."""
    (tmp_path / "checkpoints").mkdir()
    made = SimpleNamespace(default_root_dir=str(tmp_path), is_global_zero=True, callbacks=[])
    made.strategy = SimpleNamespace(barrier=lambda name: None)
    made.gan = Gan(images_seen=0, is_spoilt=False, generator=nn.Linear(1, 1), generator_ema=nn.Linear(1, 1))

    def save_checkpoint(path):
        players = {
            f"{player}.{key}": value
            for player in ("generator", "generator_ema")
            for key, value in getattr(made.gan, player).state_dict().items()
        }
        clock = {"images_seen": made.gan.images_seen, "rounds": 0, "discriminator_updates": 0}
        torch.save({"state_dict": players, "ganart": clock}, path)

    made.save_checkpoint = save_checkpoint
    return made


def played(checkpoint, trainer, *values, images=16, **score):
    """One round for each value, None without a score; returns where the best one was after each."""
    found = []
    for value in values:
        trainer.gan.images_seen += images
        for player in (trainer.gan.generator, trainer.gan.generator_ema):
            nn.init.constant_(player.weight, trainer.gan.images_seen)
        nn.init.constant_(trainer.gan.generator_ema.bias, 7)
        results = [] if value is None else [result(value, **score)]
        checkpoint.on_trend(trainer, trainer.gan, SimpleNamespace(results=results))
        checkpoint.on_train_batch_end(trainer, trainer.gan)
        found.append(checkpoint.best and checkpoint.best["images_seen"])
    return found


def saved(trainer, name):
    return torch.load(f"{trainer.default_root_dir}/checkpoints/{name}.ckpt", weights_only=True)["ganart"]


@pytest.mark.parametrize(("lower", "best"), [(True, [16, 16, 48, 48, 48]), (False, [16, 32, 32, 32, 80])])
def test_the_best_is_the_lowest_or_the_highest_as_the_score_says(trainer, lower, best):
    checkpoint = Checkpoint()
    assert played(checkpoint, trainer, 3.0, 4.0, 1.0, 2.0, 5.0, lower=lower) == best
    assert saved(trainer, "best")["images_seen"] == best[-1]
    assert checkpoint.best["value"] == (1.0 if lower else 5.0)


def test_a_round_that_is_as_good_is_not_better_and_what_is_no_number_never(trainer):
    assert played(Checkpoint(), trainer, None, float("nan"), 2.0, 2.0, float("-inf")) == [None, None, 48, 48, 48]


def test_the_score_to_go_by_is_the_one_that_was_asked_for(trainer):
    checkpoint = Checkpoint(monitor="kid")
    for images, fid, kid in ((16, 1.0, 4.0), (32, 2.0, 3.0), (48, 0.5, 5.0)):
        trainer.gan.images_seen = images
        checkpoint.on_trend(trainer, trainer.gan, SimpleNamespace(results=[result(fid), result(kid, "kid")]))
    assert checkpoint.best == {"name": "kid", "value": 3.0, "images_seen": 32}


def test_a_resumed_run_knows_what_was_the_best(trainer):
    first, second = Checkpoint(), Checkpoint()
    played(first, trainer, 1.0)
    second.load_state_dict(first.state_dict())
    assert played(second, trainer, 2.0, 0.5) == [16, 48]


def test_the_average_of_the_best_round_comes_back(trainer):
    checkpoint = Checkpoint()
    played(checkpoint, trainer, 1.0, 2.0)
    average = checkpoint.best_average(trainer, trainer.gan)
    assert average.weight.item() == 16
    assert average.bias.item() == 7  # of the moving average, and not of the generator
    assert trainer.gan.generator_ema.weight.item() == 32


@pytest.mark.parametrize(("keep", "names"), [(None, [32, 64, 96]), (2, [64, 96]), (0, [])])
def test_the_latest_of_the_numbered_ones_stay(trainer, keep, names):
    played(Checkpoint(every_images=32, keep=keep), trainer, *[None] * 6)
    files = {file.name for file in Path(trainer.default_root_dir, "checkpoints").iterdir()}
    assert files == {"last.ckpt", *(f"images_{images:09d}.ckpt" for images in names)}


def test_weights_that_are_not_finite_leave_the_last_checkpoint_as_it_was(trainer):
    checkpoint = Checkpoint(every_images=16)
    played(checkpoint, trainer, None)
    trainer.gan.is_spoilt = True
    with pytest.raises(TrainingDivergedError):
        played(checkpoint, trainer, None)
    assert saved(trainer, "last")["images_seen"] == 16
