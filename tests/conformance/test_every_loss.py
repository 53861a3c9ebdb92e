"""Every adversarial loss: what it pulls where, the shapes it takes, and a game played by it."""

import pytest
import torch
from registered import assert_cites_a_source, assert_learns, assert_resumes
from torch import nn

GROUP = "loss"
BETWEEN = 0.5
"""A logit between the targets of any coding, 0 and 1 or −1 and 1, and within any margin."""


@pytest.fixture
def loss(registry, option):
    return registry.build(f"loss={option}")


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"loss={option}", group="loss"))


def test_from_equal_logits_the_players_pull_in_opposite_directions(loss):
    real, fake = (torch.full((5,), BETWEEN, requires_grad=True) for _ in range(2))
    up, down = torch.autograd.grad(loss.discriminator(real, fake).sum(), (real, fake))
    assert (up < 0).all(), "a higher logit of a real picture has to cost the discriminator less"
    assert (down > 0).all(), "a higher logit of a generated picture has to cost the discriminator more"
    (wanted,) = torch.autograd.grad(loss.generator(real.detach(), fake).sum(), fake)
    assert (wanted < 0).all(), "a higher logit of a generated picture has to cost the generator less"


@pytest.mark.parametrize("shape", [(6,), (6, 3, 5)], ids=["pictures", "patches"])
def test_there_is_a_finite_loss_for_each_logit(loss, shape):
    for scale in (1.0, 1000.0):
        real, fake = scale * torch.randn(shape), scale * torch.randn(shape)
        for player in (loss.discriminator, loss.generator):
            value = player(real, fake)
            assert value.shape == shape
            assert value.dtype == real.dtype
            assert value.isfinite().all()


def test_it_makes_nothing_on_another_device(loss):
    loss = loss.to("meta") if isinstance(loss, nn.Module) else loss
    real, fake = torch.empty(2, 4, device="meta").unbind()
    assert loss.discriminator(real, fake).device.type == loss.generator(real, fake).device.type == "meta"


def test_a_game_is_played_by_it_and_resumed(registry, option):
    def game():
        return registry.build_gan(f"loss={option}")

    played = game()
    logged = assert_learns(played)
    assert {"players/discriminator_adversarial", "players/generator_adversarial"} <= logged.keys()
    assert_resumes(played, game())
