"""The two-player round: what moves, what counts, what a run leaves."""

import json
import math
from types import SimpleNamespace

import pytest
import torch
from laboratory import MLP, TINY, compose_tiny, rows_of, small_pictures, train_tiny, train_with
from pytorch_lightning import Callback
from pytorch_lightning.strategies import DDPStrategy
from torch.testing import assert_close

from ganart.config.build import build, build_dataset
from ganart.datasets import cache
from ganart.datasets.loader import BatchLoader
from ganart.errors import UserError
from ganart.gan import GAN
from ganart.layers.conditioning import one_hot
from ganart.machine.hardware import Choice
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training.assembly import build_gan, build_trainer
from ganart.training.run import train

CPU = Choice("cpu", "32", False, "a test")


def parameters(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


class Spy(Callback):
    """Keeps the two players' weights as they stand before each optimizer step."""

    def __init__(self):
        self.steps = []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        player = ("discriminator", "generator")[trainer.optimizers.index(optimizer)]
        self.steps.append((player, parameters(pl_module.generator), parameters(pl_module.discriminator)))


def test_a_run_leaves_everything_that_later_commands_need(tmp_path):
    run = train_tiny(tmp_path / "run")
    files = {str(file.relative_to(run.path)) for file in run.path.rglob("*") if file.is_file()}
    assert {"config.yaml", "overrides.yaml", "dataset.json", "metrics.csv", "summary.json"} <= files
    assert {f"checkpoints/{n}.ckpt" for n in ("last", "best", "images_000000048", "images_000000144")} <= files
    assert {f"samples/images_{n:09d}.png" for n in (0, 80, 160)} <= files
    assert not [name for name in files if "unfinished" in name]
    summary = json.loads((run.path / "summary.json").read_text())
    assert summary["images_seen"] == 160
    assert summary["rounds"] == 10
    score = summary["scores"]["fd_classifier"]
    assert score["value"] > 0
    assert score["floor"] > 0
    assert score["protocol"]["n_fake"] == score["protocol"]["n_real"] == 100
    assert score["protocol"]["weights_hash"]
    last = rows_of(run)[-1]
    assert int(last["images_seen"]) == 160
    assert float(last["scores/fd_classifier"]) == pytest.approx(score["value"])
    for name in (
        "players/discriminator_loss",
        "players/generator_loss",
        "players/d_real",
        "players/d_fake",
        "players/gradient_norm_generator",
        "penalties/r1",
    ):
        assert math.isfinite(float(rows_of(run)[0][name])), name


def test_checkpoints_hold_no_code_and_know_the_clock(tmp_path):
    run = train_tiny(tmp_path / "run")
    checkpoint = read_checkpoint(run.checkpoint("images_000000096"))
    assert checkpoint["ganart"] == {"images_seen": 96, "rounds": 6, "discriminator_updates": 6}
    assert checkpoint["global_step"] == 6


def test_each_player_moves_only_in_its_own_step(tmp_path, monkeypatch):
    spy = Spy()
    train_with(tmp_path / "run", spy, "total_images=32", monkeypatch=monkeypatch)
    assert [step[0] for step in spy.steps] == ["discriminator", "generator"] * 2
    (_, g0, d0), (_, g1, d1), (_, g2, d2), _ = spy.steps
    assert torch.equal(g0, g1)  # the discriminator's step left the generator as it was
    assert not torch.equal(d0, d1)
    assert torch.equal(d1, d2)  # and the other way round
    assert not torch.equal(g1, g2)


def test_five_rounds_are_five_steps_whatever_the_discriminator_does(tmp_path):
    run = train_tiny(tmp_path / "run", "trainer.max_steps=5", "discriminator_steps=3", "total_images=100000")
    checkpoint = read_checkpoint(run.checkpoint("last"))
    assert checkpoint["global_step"] == 5
    assert checkpoint["ganart"] == {"images_seen": 5 * 3 * 16, "rounds": 5, "discriminator_updates": 15}


def pair_for(gan):
    stored, labels = torch.randint(0, 256, (4, 8, 8, 3), dtype=torch.uint8), torch.zeros(4, 2).long()
    return gan.make_pair(stored, one_hot(labels, gan.label_sizes), torch.randn(4, 8))


def test_a_lazy_penalty_is_evaluated_at_every_kth_update_and_weighted_by_k(tmp_path):
    cfg = compose_tiny(tmp_path, "penalty.r1.every=3", "penalty.r2.every=1")
    gan = build_gan(cfg, cache.load(build(cfg.dataset)), CPU)
    pair = pair_for(gan)
    costs, r1, r2 = [], *(term.discriminator(pair, gan).mean() for term in gan.terms.values())
    for gan.discriminator_updates in range(4):
        gan.meters.begin_round()
        costs.append(gan.discriminator_loss(pair) - gan.meters.of_this_round()["players/discriminator_adversarial"])
    assert_close(torch.stack(costs), torch.stack([3 * r1 + r2, r2, r2, 3 * r1 + r2]), rtol=1e-4, atol=1e-6)


def test_penalties_are_float32_inside_bfloat16_autocast(tmp_path):
    cfg = compose_tiny(tmp_path)
    gan = build_gan(cfg, cache.load(build(cfg.dataset)), CPU)
    pair, r1 = pair_for(gan), gan.terms["penalties/r1"]
    plain = r1.discriminator(pair, gan)
    with torch.autocast("cpu", torch.bfloat16), gan.precision_of(r1):
        inside = r1.discriminator(pair, gan)
    assert torch.equal(plain, inside)


@pytest.mark.parametrize("loss", ["relativistic", "hinge"])
def test_accumulation_gives_the_gradients_of_the_large_batch(tmp_path, monkeypatch, loss):
    class Gradients(Callback):
        def __init__(self):
            self.seen = []

        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            self.seen.append(torch.cat([p.grad.flatten() for g in optimizer.param_groups for p in g["params"]]))

    overrides = [f"loss={loss}", "architecture.generator.batch_norm=false", "total_images=48"]
    overrides += ["penalty.r1.every=1", "penalty.r2.every=2", "~callback.scores"]
    whole, parts = Gradients(), Gradients()
    train_with(tmp_path / "whole", whole, *overrides, monkeypatch=monkeypatch)
    monkeypatch.undo()
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "cache"))
    train_with(tmp_path / "parts", parts, *overrides, "accumulate=4", monkeypatch=monkeypatch)
    assert len(whole.seen) == len(parts.seen) == 6
    for one, other in zip(whole.seen, parts.seen, strict=True):
        assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_processes_agree_on_what_the_generators_layers_remember_of_their_batches(tmp_path):
    """With another process whose numbers are three times as large, the mean is twice as large; counters are copied."""
    cfg = compose_tiny(tmp_path)
    gan = build_gan(cfg, cache.load(build(cfg.dataset)), CPU)
    gan.generator(torch.randn(16, 8), one_hot(torch.zeros(16, 2).long(), gan.label_sizes))
    before = {name: buffer.clone() for name, buffer in gan.generator.named_buffers()}
    asked = []

    def reduce(flat, reduce_op):
        asked.append(reduce_op)
        return (flat + 3 * flat) / 2

    gan._trainer = SimpleNamespace(strategy=SimpleNamespace(reduce=reduce))
    gan.agree_on_batch_statistics()
    assert asked == ["mean"]
    assert any("running_var" in name for name in before)
    for name, buffer in gan.generator.named_buffers():
        assert torch.equal(buffer, (2 if buffer.is_floating_point() else 1) * before[name]), name


def test_learning_rates_follow_the_schedule_by_images_seen(tmp_path):
    run = train_tiny(tmp_path / "run", "schedule=linear", "callback.numbers.every_images=16", "~callback.scores")
    rates = {int(row["images_seen"]): float(row["players/learning_rate_generator"]) for row in rows_of(run)}
    # The round that ends at 80 images began at 64: 1 − 64/160 of the full rate.
    assert rates[80] == pytest.approx(0.001 * (1 - 64 / 160))
    assert rates[16] == pytest.approx(0.001)


@pytest.mark.parametrize("has_room", [True, False])
def test_images_on_the_device_train_as_images_of_the_cache_do(tmp_path, monkeypatch, has_room):
    from_cache = train_tiny(tmp_path / "cache", "~callback.scores")
    asked, loaders = [], []

    def loader(*args, **kwargs):
        loaders.append(kwargs["device"])
        return BatchLoader(*args, **kwargs)

    monkeypatch.setattr("ganart.training.run.BatchLoader", loader)
    monkeypatch.setattr("ganart.training.run.has_room", lambda *of: asked.append(of) or has_room)
    on_device = train_tiny(tmp_path / "device", "~callback.scores")
    images = cache.load(build_dataset(on_device.config.dataset)).images
    assert asked == [(torch.device("cpu"), images.nbytes)]
    assert loaders == [torch.device("cpu") if has_room else None]
    states = [read_checkpoint(run.checkpoint("last"))["state_dict"] for run in (from_cache, on_device)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_scoring_does_not_change_what_is_trained(tmp_path):
    with_scores = train_tiny(tmp_path / "with", "callback.scores.every_images=32")
    without = train_tiny(tmp_path / "without", "~callback.scores")
    states = [read_checkpoint(run.checkpoint("last"))["state_dict"] for run in (with_scores, without)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_problems_are_told_all_at_once_before_anything_is_made(tmp_path):
    cfg = compose_tiny(tmp_path / "run", "batch_size=15", "accumulate=4", "loss=wasserstein", "penalty=[]")
    with pytest.raises(UserError, match=r"2 problems[\s\S]*wgan_gp[\s\S]*Try batch_size=16"):
        train(cfg, RunFolder(tmp_path / "run"), [])
    assert not (tmp_path / "run").exists()


def has_moved(run: RunFolder, since: str = "images_000000048") -> bool:
    """Whether all weights of both players are finite, and each layer has another than at the checkpoint `since`."""
    before, after = (read_checkpoint(run.checkpoint(name))["state_dict"] for name in (since, "last"))
    weights = [name for name in after if name.startswith(("generator.", "discriminator.")) and "weight" in name]
    assert all(after[name].isfinite().all() for name in after)
    return all(not torch.equal(before[name], after[name]) for name in weights)


@pytest.mark.parametrize("precision", ["32", "bf16-mixed"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_precision_and_layout_trains_as_float32_does(tmp_path, precision, channels_last):
    layout = f"channels_last={str(channels_last).lower()}"
    run = train_tiny(tmp_path / "run", f"trainer.precision={precision}", layout, "~callback.scores")
    plain = train_tiny(tmp_path / "plain", "trainer.precision=32", "channels_last=false", "~callback.scores")
    assert has_moved(run)
    for key in ("players/discriminator_loss", "players/d_real", "players/gradient_norm_discriminator"):
        found, expected = (float(rows_of(one)[0][key]) for one in (run, plain))
        assert found == pytest.approx(expected, rel=1e-4 if precision == "32" else 0.05), key
    weights = read_checkpoint(run.checkpoint("last"))["state_dict"].values()
    kernels = [weight for weight in weights if weight.ndim == 4 and min(weight.shape) > 1]
    assert kernels
    assert all(kernel.is_contiguous(memory_format=torch.channels_last) is channels_last for kernel in kernels)


def test_the_average_is_never_in_training_mode(tmp_path):
    cfg = compose_tiny(tmp_path)
    gan: GAN = build_gan(cfg, cache.load(build(cfg.dataset)), CPU)
    gan.train()
    assert gan.generator.training
    assert not gan.generator_ema.training


@pytest.mark.slow
def test_unconditional_mlp_with_every_loss_and_penalty_trains(tmp_path):
    combinations = [
        ("minimax", "[]"),
        ("non_saturating", "[dragan]"),
        ("least_squares", "[r1]"),
        ("wasserstein", "[weight_clipping]"),
        ("wasserstein", "[wgan_gp]"),
        ("hinge", "[r2]"),
        ("relativistic", "[r1,r2]"),
    ]
    for number, (loss, penalty) in enumerate(combinations):
        run = train_tiny(
            tmp_path / str(number),
            "dataset.condition=[]",
            f"loss={loss}",
            f"penalty={penalty}",
            "total_images=48",
            "callback.checkpoint.every_images=16",
            "~callback.scores",
            players=MLP,
        )
        assert math.isfinite(float(rows_of(run)[-1]["players/discriminator_loss"]))
        assert has_moved(run, "images_000000016"), loss


def test_without_labels_there_are_no_scores_and_the_run_says_so(tmp_path, capsys):
    pictures = small_pictures(tmp_path / "pictures", side=8, per_class=20, classes=("any",))
    given = (
        "dataset=image_folder",
        f"dataset.root={pictures}",
        "dataset.labels=none",
        "dataset.height=8",
        "dataset.width=8",
    )
    base = [item for item in TINY if "num_pictures" not in item]
    run = train_tiny(tmp_path / "run", *given, base=base)
    assert "scores    none. features=classifier learns from labels" in " ".join(capsys.readouterr().out.split("\n"))
    assert json.loads((run.path / "summary.json").read_text())["scores"] == {}
    assert run.checkpoint("best").name == "last.ckpt"


def test_a_score_to_go_by_that_is_not_taken_is_told_at_the_start(tmp_path):
    with pytest.raises(UserError, match="monitor=fid is not among the scores: fd_classifier"):
        train_tiny(tmp_path / "run", "callback.checkpoint.monitor=fid")


def test_more_devices_than_one_get_a_strategy_that_two_players_can_train_with(tmp_path):
    alone, together = (
        build_trainer(compose_tiny(tmp_path, f"trainer.devices={devices}"), CPU, RunFolder(tmp_path), [], [])
        for devices in (1, 2)
    )
    assert not isinstance(alone.strategy, DDPStrategy)
    assert isinstance(together.strategy, DDPStrategy)
    assert together.world_size == 2
    # In each player's step the other's parameters have no gradient, which DDP takes for an error otherwise.
    assert together.strategy._ddp_kwargs["find_unused_parameters"] is True


def test_the_end_is_saved_before_it_is_scored_in_full(tmp_path, monkeypatch):
    from ganart.metrics import Scorer

    def killed(self, fake, **painted):
        raise KeyboardInterrupt

    monkeypatch.setattr(Scorer, "evaluate", killed)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(tmp_path / "run", "callback.checkpoint.every_images=0")
    assert read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")["ganart"]["images_seen"] == 160


def test_the_summary_holds_what_the_doctor_said(tmp_path):
    run = train_tiny(tmp_path / "run", "penalty.r1.gamma=1e4", "penalty.r1.every=1", "callback.numbers.every_images=16")
    notes = json.loads((run.path / "summary.json").read_text())["doctor"]
    assert "penalty too large" in [note["disease"] for note in notes]
    assert all(note.keys() == {"disease", "images_seen", "says", "try"} for note in notes)
