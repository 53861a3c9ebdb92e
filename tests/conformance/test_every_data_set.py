"""Every data set: composes with all that a recipe needs, passes the checks, and says what it may be used for."""

import inspect

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

from ganart.datasets.base import Dataset
from ganart.training.checks import check

GROUP = "dataset"


@pytest.fixture
def cfg(registry, option):
    return registry.compose(f"dataset={option}", "trainer=cpu")


def test_a_recipe_with_it_passes_the_checks(cfg):
    assert {"height", "width", "channels", "licence", "condition"} <= cfg.dataset.keys()
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check(cfg)


def test_its_licence_is_told(cfg):
    assert isinstance(cfg.dataset.licence, str)
    assert cfg.dataset.licence.strip()


def test_it_is_a_data_set(cfg):
    """It is not built: its pictures may lie elsewhere, or not be downloaded."""
    kind = get_object(cfg.dataset._target_)
    assert issubclass(kind, Dataset)
    assert not inspect.isabstract(kind)
    assert kind.__doc__
