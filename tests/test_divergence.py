"""Gradients measured and clipped, and the end of a training whose losses or gradients are not finite."""

import pytest
import torch
from laboratory import rows_of, train_tiny, train_with
from pytorch_lightning import Callback

from ganart.errors import TrainingDivergedError
from ganart.runs.checkpoints import read_checkpoint


def test_gradients_are_clipped_to_the_norm_that_was_asked_for(tmp_path, monkeypatch):
    class Norms(Callback):
        def __init__(self):
            self.norms = {"discriminator": [], "generator": []}

        def on_train_batch_end(self, trainer, pl_module, *args):
            for player, seen in self.norms.items():  # the gradients of a step stay until the next
                gradients = [p.grad for p in getattr(pl_module, player).parameters()]
                seen.append(float(torch.nn.utils.get_total_norm(gradients)))

    norms = Norms()
    overrides = ["gradient_clip.generator=0.001", "total_images=64", "~callback.scores"]
    train_with(tmp_path / "run", norms, *overrides, monkeypatch=monkeypatch)
    assert norms.norms["generator"] == pytest.approx([0.001] * 4, rel=1e-3)
    assert max(norms.norms["discriminator"]) > 0.01


def test_gradient_norms_are_of_rounds_with_and_without_lazy_penalties_as_often_as_there_are_such(tmp_path, monkeypatch):
    class Norms(Callback):
        def __init__(self):
            self.norms = []

        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            if optimizer is trainer.optimizers[0]:
                gradients = [p.grad for p in pl_module.discriminator.parameters()]
                self.norms.append(float(torch.nn.utils.get_total_norm(gradients)))

    recorded = Norms()
    overrides = ["total_images=1152", "callback.numbers.every_images=1152", "~callback.scores"]
    overrides += [f"optimizer.{player}.lr=1e-9" for player in ("generator", "discriminator")]  # always the same norms
    overrides += [f"penalty.r{n}.{key}" for n in (1, 2) for key in ("every=8", "gamma=100")]
    run = train_with(tmp_path / "run", recorded, *overrides, monkeypatch=monkeypatch)
    assert len(recorded.norms) == 72
    (row,) = rows_of(run)
    (said, true) = float(row["players/gradient_norm_discriminator"]), sum(recorded.norms) / 72
    assert sum(recorded.norms[::8]) / 9 > 2 * true
    assert said == pytest.approx(true, rel=0.2)


def test_a_gradient_scaler_sees_unscaled_gradients_clipped(tmp_path, monkeypatch):
    from pytorch_lightning.plugins import MixedPrecision

    import ganart.training.run as training

    plain = training.build_trainer

    def scaled(cfg, hardware, run, callbacks, loggers):
        trainer = plain(cfg, hardware, run, callbacks, loggers)
        plugin = MixedPrecision("16-mixed", device="cpu", scaler=torch.amp.GradScaler("cpu", init_scale=1024.0))
        trainer.strategy.precision_plugin = plugin
        return trainer

    monkeypatch.setattr(training, "build_trainer", scaled)
    fused = ["optimizer.discriminator.fused=false", "optimizer.generator.fused=false"]
    clipped = []
    plain_step = torch.optim.Adam.step

    def watched(self, *arguments, **settings):
        gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        clipped.append(float(torch.nn.utils.get_total_norm(gradients)))
        return plain_step(self, *arguments, **settings)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    run = train_tiny(tmp_path / "run", *fused, "gradient_clip.generator=0.001", "~callback.scores")
    norms = [float(row["players/gradient_norm_generator"]) for row in rows_of(run)]
    assert all(0.01 < norm < 50 for norm in norms)  # scaled ones would be a thousand times as long
    assert clipped[1::2] == pytest.approx([0.001] * 10, rel=1e-3)  # the generator's, every second step
    assert min(clipped[0::2]) > 0.01


def test_a_loss_that_is_not_finite_stops_the_run_and_says_what_to_try(tmp_path):
    with pytest.raises(TrainingDivergedError, match=r"round \d+[\s\S]*Last finite terms: [\s\S]*What to try") as error:
        train_tiny(
            tmp_path / "run",
            "loss=wasserstein",
            "penalty.r1.every=100",
            "optimizer.discriminator.lr=1e18",
            "~callback.scores",
        )
    saved = torch.load(tmp_path / "run" / "diverged_rank0.pt", weights_only=True)
    assert saved["batch"][0].shape == (16, 8, 8, 3)
    assert "players/discriminator_adversarial" in str(error.value)


class Spoil(Callback):
    """Looks for what is not finite every fourth round, as on a GPU, and makes the second round's losses NaN."""

    def __init__(self, spoils: bool = True) -> None:
        self.spoils = spoils

    def on_train_start(self, trainer, pl_module):
        pl_module.checked_every = 4

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if self.spoils and batch_idx == 1:
            torch.nn.init.constant_(next(pl_module.discriminator.parameters()), torch.nan)


NEVER = tuple(f"callback.{name}.every_images=0" for name in ("checkpoint", "samples", "numbers"))


def test_where_looking_means_waiting_what_is_not_finite_is_noticed_some_rounds_later(tmp_path, monkeypatch):
    with pytest.raises(TrainingDivergedError, match=r"at 64 images \(round 4\)") as error:
        train_with(tmp_path / "run", Spoil(), "~callback.scores", *NEVER, monkeypatch=monkeypatch)
    terms = dict(line.split(": ", 1) for line in str(error.value).splitlines() if ": " in line)
    assert "nan" in terms["Terms now"]
    assert "nan" not in terms["Last finite terms"]
    assert "players/discriminator_loss" in terms["Last finite terms"]


def test_nothing_is_saved_or_shown_of_a_training_that_has_diverged(tmp_path, monkeypatch):
    with pytest.raises(TrainingDivergedError, match="at 32 images"):  # before the fourth round: a row of numbers is due
        train_with(tmp_path / "run", Spoil(), "~callback.scores", monkeypatch=monkeypatch)
    assert not list((tmp_path / "run" / "checkpoints").glob("images_*"))


def test_a_healthy_run_that_is_looked_at_every_fourth_round_is_the_same_run(tmp_path, monkeypatch):
    runs = []
    for name, callback in (("often", Callback()), ("seldom", Spoil(spoils=False))):
        train_with(tmp_path / name, callback, "~callback.scores", monkeypatch=monkeypatch)
        runs.append(read_checkpoint(tmp_path / name / "checkpoints/last.ckpt")["state_dict"])
    assert all(torch.equal(runs[0][key], runs[1][key]) for key in runs[0])
