"""What the default recipe is; that every option of every group builds is held in tests/conformance."""

from hydra import compose, initialize_config_dir

from ganart import losses
from ganart.config.build import build
from ganart.ema import EMA
from ganart.files.paths import conf_dir
from ganart.training.checks import check


def test_default_recipe_is_relativistic_with_both_penalties_and_an_average():
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        cfg = compose("train", overrides=["name=test", "run_folder=nowhere"])
    check(cfg)
    assert isinstance(build(cfg.loss), losses.Relativistic)
    assert set(build(cfg.penalty)) == {"r1", "r2"}
    assert isinstance(build(cfg.ema), EMA)
