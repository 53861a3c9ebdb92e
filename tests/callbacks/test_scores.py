"""What is scored: the average, on the latents of a trend or of the end; and the best checkpoint beside the last."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pytorch_lightning import Callback

from ganart.callbacks import Interrupt, Scores
from ganart.metrics import Evaluation, Features, Result


class Seen:
    """Stands in for the scorer: a score is the mean of what was painted."""

    num_images, seed = 4, 0
    names = ("mean",)
    real = Features(torch.zeros(4, 1), torch.zeros(4, 0), torch.zeros(4, 0), torch.zeros(4, 0))

    def look(self, generated, count, *, advance, rank, world_size):
        features = generated(list(range(count)))[0].float()
        advance(count)
        return Features(features, torch.zeros(count, 0), torch.zeros(count, 0), torch.zeros(count, 0))

    def score(self, fake, **painted):
        assert painted["weights"] == "average"
        counts = dict.fromkeys(("n_real", "n_fake", "n_floor"), len(fake))
        return [Result("mean", float(fake.features.mean()), None, None, True, counts, "mean")]

    def evaluate(self, fake, **painted):
        return Evaluation(self.score(fake, **painted), [])


class Gan:
    """Paints 1 by its average, 100 by its generator, and the seed's own number beside it."""

    latent_dim, images_seen, generator, generator_ema = 1, 64, "raw", "average"

    def __init__(self):
        self.latents = []

    def generate(self, latents, labels, *, by=None):
        self.latents.append(latents)
        value = {None: 1.0, "average": 1.0, "raw": 100.0, "of the best": 7.0}[by]
        return torch.full((len(latents), 1), value)

    def refuse_what_is_not_finite(self):
        pass


class Keeper(Callback):
    def __init__(self, best_at):
        self.best = {"name": "mean", "value": 7.0, "images_seen": best_at}
        self.saved_before_scores = []

    def save_now(self, trainer, gan):
        self.saved_before_scores.append(len(gan.latents))

    def best_average(self, trainer, gan):
        return "of the best"

    def on_trend(self, trainer, gan, trend):
        self.trend = trend


@pytest.fixture
def scores(make_pictures):
    callback = Scores(features=None, metrics={}, num_images=4, trend_images=3, every_images=16)
    callback.scorer, callback.ready = Seen(), True
    pictures = make_pictures(np.zeros((5, 2, 2, 1), np.uint8))
    callback._pictures = pictures
    callback.loader = SimpleNamespace(pictures=pictures, condition=())
    return callback


def trainer_of(callback, *others):
    rows = []
    logger = SimpleNamespace(log_metrics=lambda values, step: rows.append((step, values)))
    return SimpleNamespace(
        callbacks=[callback, *others],
        train_dataloader=callback.loader,
        loggers=[logger],
        rows=rows,
        world_size=1,
        global_rank=0,
    )


def test_a_trend_is_of_the_average_on_latents_of_its_own_and_shown_to_who_listens(scores):
    gan, keeper = Gan(), Keeper(best_at=64)
    trainer = trainer_of(scores, keeper)
    scores.act(trainer, gan)
    assert trainer.rows == [(64, {"trend/mean": 1.0})]
    assert len(keeper.trend.fake) == len(keeper.trend.real) == 3
    assert keeper.trend.results[0].value == 1.0
    scores.on_train_end(trainer, gan)
    of_trend, of_end = gan.latents[0], gan.latents[-1]
    assert len(of_trend) == 3
    assert len(of_end) == 4
    assert not torch.isin(of_trend, of_end).any()


def test_the_end_is_of_the_average_and_the_best_is_of_its_own(scores):
    gan, keeper = Gan(), Keeper(best_at=32)
    trainer = trainer_of(scores, keeper)
    scores.on_train_end(trainer, gan)
    assert trainer.rows[-1] == (64, {"scores/mean": 1.0})
    found = scores.findings()
    assert found["scored_at_images"] == 64
    assert found["scores"]["mean"]["value"] == 1.0
    assert found["best"]["scores"]["mean"]["value"] == 7.0
    assert (found["best"]["checkpoint"], found["best"]["images_seen"]) == ("best.ckpt", 32)
    assert torch.equal(*gan.latents[-2:])  # the two are compared on the same latents
    assert len(gan.latents) - keeper.saved_before_scores[-1] == 2  # saved before either was painted


def test_where_the_last_is_the_best_it_is_scored_once(scores):
    gan = Gan()
    scores.on_train_end(trainer_of(scores, Keeper(best_at=64)), gan)
    assert scores.findings()["best"] is None
    assert scores.findings()["scores"]["mean"]["value"] == 1.0


def test_a_run_that_was_told_to_stop_is_not_scored_and_owes_the_trend_it_left_off(scores):
    gan, interrupt = Gan(), Interrupt()
    trainer = trainer_of(scores, Keeper(best_at=64), interrupt)
    interrupt.stop("signal")
    scores.act(trainer, gan)
    assert scores.state_dict() == {"is_owed": True}
    scores.on_train_end(trainer, gan)
    assert trainer.rows == []
    assert scores.evaluation is None
    interrupt.reason = None
    scores.on_train_batch_start(trainer, gan)
    assert trainer.rows == [(64, {"trend/mean": 1.0})]
    assert scores.state_dict() == {"is_owed": False}
