"""Every feature network: built in a moment, without a file, a download or a draw, under a name of its own."""

import socket

import pytest
import torch
from registered import assert_cites_a_source

from ganart.features import FeatureNetwork

GROUP = "features"


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A folder for torch's downloads with nothing in it, and a machine without a network."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def refuse(*_, **__):
        pytest.fail("it connects to something as soon as it is built")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"features={option}", group="features"))


def test_it_is_built_without_loading_anything(registry, option, empty):
    before = torch.get_rng_state()
    network = registry.build(f"features={option}")
    assert isinstance(network, FeatureNetwork)
    assert list(empty.rglob("*")) == []
    assert torch.equal(torch.get_rng_state(), before), "building it has drawn random numbers"


def test_scores_bear_its_name(registry, option, empty):
    network = registry.build(f"features={option}")
    assert network.name.isidentifier()
    named = network.score_name("precision")
    assert named.startswith("precision")
    assert network.name == "inception" or named == f"precision_{network.name}"
