"""Every optimizer: descends for either player, keeps a learning rate that schedules may turn, and is saved."""

import pytest
import torch
from registered import assert_learns, through_a_file
from torch import nn

from ganart.gan import PLAYERS
from ganart.training.optimizers import build_optimizer

GROUP = "optimizer"


@pytest.fixture
def choice(option):
    return [f"optimizer@optimizer.{player}={option}" for player in PLAYERS]


@pytest.fixture
def make(registry, choice):
    node = registry.compose(*choice).optimizer.generator
    return build_optimizer(node, scaled_gradients=False, allow=registry.allow)


def stepped(optimizer, weight, count):
    for _ in range(count):
        optimizer.zero_grad()
        (weight * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        optimizer.step()
    return weight.detach().clone()


def test_it_goes_down(make):
    weight = nn.Parameter(torch.ones(3))
    optimizer = make([weight])
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert (stepped(optimizer, weight, 1) < 1).all()


def test_nothing_moves_at_a_rate_of_zero(make):
    weight = nn.Parameter(torch.ones(3))
    optimizer = make([weight])
    for group in optimizer.param_groups:
        assert group["lr"] > 0
        group["lr"] = 0.0
    assert torch.equal(stepped(optimizer, weight, 2), torch.ones(3))


def test_its_state_is_saved(make):
    one, other = (nn.Parameter(torch.ones(3)) for _ in range(2))
    first, second = make([one]), make([other])
    stepped(first, one, 3)
    other.data.copy_(one)
    second.load_state_dict(through_a_file(first.state_dict()))
    assert torch.equal(stepped(first, one, 3), stepped(second, other, 3))


def test_a_game_is_played_with_it(registry, choice):
    assert_learns(registry.build_gan(*choice))
