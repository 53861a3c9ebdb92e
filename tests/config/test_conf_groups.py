"""Every option of every group composes, and builds what it says."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import nn

from ganart import features, losses, metrics, penalties, schedules
from ganart.config.build import build, build_network
from ganart.ema import EMA
from ganart.files.paths import conf_dir
from ganart.play import output_of
from ganart.training.checks import check
from ganart.training.optimizers import build_optimizer


def options(group: str) -> list[str]:
    found = sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))
    assert found, f"no options in {group}"
    return found


def composed(*overrides: str):
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        return compose("train", overrides=["name=test", "run_folder=nowhere", *overrides])


def test_groups_of_this_test_are_those_on_disk():
    tested = {
        "loss",
        "penalty",
        "term",
        "augment",
        "head",
        "schedule",
        "metric",
        "optimizer",
        "architecture",
        "features",
        "experiment",
        "dataset",
    }
    elsewhere = {"callback", "logger", "trainer", "hydra", "sweep", "sampler", "pruner"}  # with training and sweeps
    assert {folder.name for folder in Path(conf_dir()).iterdir() if folder.is_dir()} == tested | elsewhere


@pytest.mark.parametrize("option", options("loss"))
def test_every_loss_builds(option):
    loss = build(composed(f"loss={option}").loss)
    assert type(loss).__name__.lower() == option.replace("_", "")
    assert type(loss).__name__ in losses.__all__
    assert loss.discriminator(torch.zeros(2), torch.zeros(2)).shape == (2,)


@pytest.mark.parametrize("option", options("penalty"))
def test_every_penalty_builds(option):
    built = build(composed(f"penalty=[{option}]").penalty)
    assert list(built) == [option]
    assert isinstance(built[option], penalties.Penalty)
    assert type(built[option]).__name__.lower() == option.replace("_", "")


def test_all_penalties_may_stand_together():
    names = options("penalty")
    assert sorted(build(composed(f"penalty=[{','.join(names)}]").penalty)) == names


@pytest.mark.parametrize("option", options("schedule"))
def test_every_schedule_builds_over_the_length_of_the_run(option):
    schedule = build(composed(f"schedule={option}", "total_images=1000").schedule)
    assert type(schedule) is getattr(schedules, option.capitalize())
    assert schedule(0) == 1.0
    assert schedule(1000) == pytest.approx(1.0 if option == "constant" else 0.0, abs=1e-12)


@pytest.mark.parametrize("option", options("metric"))
def test_every_metric_builds_under_the_key_it_is_called_by(option):
    built = build(composed(f"metric=[{option}]").metric)
    assert isinstance(built[option], metrics.Score)
    assert option.startswith(built[option].keys[0])


@pytest.mark.parametrize("option", options("optimizer"))
def test_every_optimizer_builds_for_either_player_and_steps(option):
    cfg = composed(f"optimizer@optimizer.discriminator={option}", f"optimizer@optimizer.generator={option}")
    for player in ("discriminator", "generator"):
        weight = nn.Parameter(torch.ones(3))
        optimizer = build_optimizer(cfg.optimizer[player], scaled_gradients=False)([weight])
        assert type(optimizer).__name__.lower() == option
        weight.sum().backward()
        optimizer.step()
        assert (weight < 1).all()


@pytest.mark.parametrize("option", options("architecture"))
@pytest.mark.parametrize("label_sizes", [[], [8, 6]])
def test_every_architecture_builds_players_that_fit_each_other(option, label_sizes):
    cfg = composed(f"architecture={option}", "dataset.height=16", "dataset.width=16")
    generator = build_network(cfg.architecture.generator, label_sizes=label_sizes).eval()
    discriminator = build_network(cfg.architecture.discriminator, label_sizes=label_sizes).eval()
    labels = torch.zeros(2, sum(label_sizes))
    images = generator(torch.randn(2, generator.latent_dim), labels)
    assert images.shape == (2, 3, 16, 16)
    assert output_of(discriminator(images, labels)).logits.shape == (2,)


@pytest.mark.parametrize("option", options("features"))
def test_every_feature_network_builds_without_loading_anything(option, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    own = ["features.network._target_=torch.nn.Flatten", "features.name=own"] if option == "module" else []
    network = build(composed(f"features={option}", *own).features)
    assert type(network).__name__.lower() == {"auto": "classifier"}.get(option, option.replace("_", ""))
    assert isinstance(network, features.FeatureNetwork)


@pytest.mark.parametrize("option", options("dataset"))
def test_every_data_set_composes_with_all_that_the_recipe_needs(option):
    given = ["dataset.root=pictures"] if option == "image_folder" else []
    cfg = composed(f"dataset={option}", *given)
    for key in ("height", "width", "channels", "licence", "condition"):
        assert key in cfg.dataset
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check(cfg)


@pytest.mark.parametrize("option", options("experiment"))
def test_every_experiment_composes_passes_the_checks_and_builds_its_players(option):
    with_pictures = (
        ["dataset.root=pictures"]
        if "image_folder" in (conf_dir() / "experiment" / f"{option}.yaml").read_text()
        else []
    )
    cfg = composed(f"experiment={option}", *with_pictures)
    check(cfg)
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    for player in ("generator", "discriminator"):
        assert isinstance(build_network(cfg.architecture[player]), nn.Module)


def test_default_recipe_is_relativistic_with_both_penalties_and_an_average():
    cfg = composed()
    check(cfg)
    assert isinstance(build(cfg.loss), losses.Relativistic)
    assert set(build(cfg.penalty)) == {"r1", "r2"}
    assert isinstance(build(cfg.ema), EMA)
