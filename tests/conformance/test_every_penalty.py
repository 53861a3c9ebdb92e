"""Every penalty: finite, felt by the discriminator, and in agreement with all others."""

import copy

import pytest
import torch
from registered import assert_cites_a_source, assert_learns, assert_resumes, some_pair

from ganart.penalties import Penalty

GROUP = "penalty"


@pytest.fixture
def gan(registry, option):
    return registry.build_gan(f"penalty=[{option}]")


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"penalty=[{option}]", group=f"penalty.{option}"))


def test_its_file_holds_one_penalty_under_its_own_name(gan, option):
    assert list(gan.penalties) == [option]
    assert isinstance(gan.penalties[option], Penalty)


def test_it_is_finite_and_the_discriminator_feels_it(gan, option):
    penalty, pair = gan.penalties[option], some_pair(gan)
    value = penalty(lambda images: gan.judge(images, pair.labels).logits, pair.real, pair.fake.detach())
    assert value.shape == (len(pair.real),)
    assert value.isfinite().all()
    if value.requires_grad:
        value.mean().backward()
    gradients = [weight.grad for weight in gan.discriminator.parameters() if weight.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)
    before = copy.deepcopy(gan.discriminator.state_dict())
    penalty.constrain(gan.discriminator)
    is_changed = any(not torch.equal(before[name], value) for name, value in gan.discriminator.state_dict().items())
    assert is_changed or any(gradient.any() for gradient in gradients), "nothing of it reaches the discriminator"
    assert all(value.isfinite().all() for value in gan.discriminator.state_dict().values())


def test_the_generator_does_not_feel_it(gan, option):
    pair = some_pair(gan)
    value = gan.penalties[option].discriminator(pair, gan)
    if value.requires_grad:
        value.mean().backward()
    assert all(weight.grad is None for weight in gan.generator.parameters())


def test_it_is_finite_where_the_discriminator_is_flat(gan, option):
    """‖∇D‖ has no gradient at zero: the penalty of a discriminator that knows nothing is finite all the same."""
    pair, flat = some_pair(gan), torch.zeros(1, requires_grad=True)
    value = gan.penalties[option](lambda images: (images * flat).flatten(1).sum(1), pair.real, pair.fake.detach())
    if value.requires_grad:
        value.mean().backward()
        assert flat.grad.isfinite().all()
    assert value.isfinite().all()


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_game_with_it_is_played_logged_and_resumed(registry, option, precision):
    played = registry.build_gan(f"penalty=[{option}]")
    assert f"penalties/{option}" in assert_learns(played, precision=precision)
    assert_resumes(played, registry.build_gan(f"penalty=[{option}]"))


def test_all_of_them_may_stand_together(registry):
    names = registry.options(GROUP)
    assert sorted(registry.build(f"penalty=[{','.join(names)}]")) == names
