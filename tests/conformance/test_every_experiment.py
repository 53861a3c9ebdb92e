"""Every recipe: composes, passes the checks, and builds its players."""

from omegaconf import OmegaConf
from registered import LABEL_SIZES
from torch import nn

from ganart.training.checks import check

GROUP = "experiment"


def test_it_composes_passes_the_checks_and_builds_its_players(registry, option):
    cfg = registry.compose(f"experiment={option}")
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check(cfg)
    assert all(isinstance(player, nn.Module) for player in registry.build_players(cfg, LABEL_SIZES))


def test_it_is_named_after_its_file(registry, option):
    assert registry.compose(f"experiment={option}").name == option
