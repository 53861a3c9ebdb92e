"""Penalties of discriminators whose gradients are known in closed form, and where each of them looks."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.errors import UserError
from ganart.penalties import DRAGAN, R1, R2, WGANGP, WeightClipping, squared_gradient_norm


def images(seed: int, count: int = 4) -> torch.Tensor:
    return torch.randn(count, 2, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


REAL, FAKE = images(1), images(2) + 3


class Linear:
    """D(x) = ⟨w, x⟩, with gradient w everywhere; ‖w‖ = 2.5."""

    def __init__(self, norm: float = 2.5) -> None:
        weight = images(3, 1)[0]
        self.weight = (weight / weight.norm() * norm).requires_grad_()

    def __call__(self, x):
        return (x * self.weight).flatten(1).sum(1)


class Quadratic:
    """D(x) = ½ c ‖x‖², with gradient c·x; it remembers where it was asked."""

    def __init__(self, c: float = 0.7) -> None:
        self.c = torch.tensor(c, dtype=torch.float64, requires_grad=True)

    def __call__(self, x):
        self.points = x.detach()
        return 0.5 * self.c * x.square().flatten(1).sum(1)


def norms(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1).norm(dim=1)


# ---------------------------------------------------------------------------------------------- the gradient itself


def test_squared_gradient_norm_is_each_samples_own():
    assert_close(squared_gradient_norm(Quadratic(0.7), REAL).detach(), 0.49 * norms(REAL).square())


def test_squared_gradient_norm_leaves_the_pictures_as_they_were():
    real = REAL.clone()
    squared_gradient_norm(Linear(), real)
    assert not real.requires_grad
    assert real.grad is None


# ---------------------------------------------------------------------------------------------- linear discriminators


@pytest.mark.parametrize("gamma", [0.3, 10.0])
def test_r1_of_a_linear_discriminator_is_half_gamma_times_the_squared_norm_of_its_weight(gamma):
    assert_close(
        R1(gamma=gamma)(Linear(), REAL, FAKE).detach(), torch.full((4,), gamma / 2 * 6.25, dtype=torch.float64)
    )


@pytest.mark.parametrize("gamma", [0.3, 10.0])
def test_r2_of_a_linear_discriminator_is_half_gamma_times_the_squared_norm_of_its_weight(gamma):
    assert_close(
        R2(gamma=gamma)(Linear(), REAL, FAKE).detach(), torch.full((4,), gamma / 2 * 6.25, dtype=torch.float64)
    )


@pytest.mark.parametrize(("norm", "expected"), [(2.5, 22.5), (1.0, 0.0), (0.5, 2.5)])  # 10 · (‖w‖ − 1)²
def test_wgan_gp_of_a_linear_discriminator_is_two_sided_in_the_norm_of_its_weight(norm, expected):
    penalty = WGANGP(weight=10.0)(Linear(norm), REAL, FAKE).detach()
    assert_close(penalty, torch.full((4,), expected, dtype=torch.float64), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(("k", "expected"), [(1.0, 22.5), (2.0, 2.5), (3.0, 2.5)])  # 10 · (2.5 − k)²
def test_dragan_of_a_linear_discriminator_measures_the_distance_of_the_norm_to_k(k, expected):
    penalty = DRAGAN(weight=10.0, k=k)(Linear(), REAL, FAKE).detach()
    assert_close(penalty, torch.full((4,), expected, dtype=torch.float64), atol=1e-9, rtol=1e-9)


# ---------------------------------------------------------------------------------------------- where they look


def test_r1_looks_at_real_pictures():
    assert_close(R1(gamma=3.0)(Quadratic(0.7), REAL, FAKE).detach(), 1.5 * 0.49 * norms(REAL).square())


def test_r2_looks_at_generated_pictures():
    assert_close(R2(gamma=3.0)(Quadratic(0.7), REAL, FAKE).detach(), 1.5 * 0.49 * norms(FAKE).square())


def test_wgan_gp_looks_between_real_and_generated_pictures_at_one_place_a_sample():
    real, fake = images(4, 200), images(5, 200) + 3
    judge = Quadratic()
    WGANGP(weight=1.0)(judge, real, fake)
    share = (judge.points - fake) / (real - fake)  # a of a·x + (1 − a)·G(z), in every pixel
    a = share.flatten(1).median(1).values
    assert_close(share, a.view(-1, 1, 1, 1).expand_as(share), atol=1e-6, rtol=1e-6)
    assert 0 <= a.min() < 0.05
    assert 0.95 < a.max() <= 1
    assert a.mean().item() == pytest.approx(0.5, abs=0.1)  # five standard deviations of the mean of 200 uniform numbers


def test_wgan_gp_of_a_quadratic_discriminator_is_the_closed_form_at_the_place_it_looked_at():
    judge = Quadratic(0.7)
    penalty = WGANGP(weight=10.0)(judge, REAL, FAKE).detach()
    assert_close(penalty, 10 * (0.7 * norms(judge.points) - 1).square(), atol=1e-9, rtol=1e-9)


def test_dragan_looks_around_the_data_by_up_to_half_its_standard_deviation():
    real = images(6, 300)
    judge = Quadratic()
    DRAGAN(weight=1.0)(judge, real, FAKE)
    noise = (judge.points - real) / (0.5 * real.std())  # a·u: a ~ U(0, 1) a sample, u ~ U(0, 1) a pixel
    assert noise.min() >= 0
    assert 0.9 < noise.max() <= 1
    assert noise.mean().item() == pytest.approx(0.25, abs=0.05)  # ½ · ½
    reach = noise.flatten(1).max(1).values  # about a · 18/19 of each sample
    assert reach.min() < 0.1
    assert reach.std().item() == pytest.approx(math.sqrt(1 / 12), abs=0.06)


def test_dragan_of_a_quadratic_discriminator_is_the_closed_form_at_the_place_it_looked_at():
    judge = Quadratic(0.7)
    penalty = DRAGAN(weight=10.0, k=2.0)(judge, REAL, FAKE).detach()
    assert_close(penalty, 10 * (0.7 * norms(judge.points) - 2).square(), atol=1e-9, rtol=1e-9)


# ------------------------------------------------------------------------------ gradients in the weights


def test_r1_gradient_in_a_linear_weight_is_gamma_times_the_weight():
    judge = Linear()
    R1(gamma=3.0)(judge, REAL, FAKE).mean().backward()
    assert_close(judge.weight.grad, 3 * judge.weight.detach())


def test_wgan_gp_gradient_in_a_linear_weight_is_the_hand_formula():
    judge = Linear()
    WGANGP(weight=10.0)(judge, REAL, FAKE).mean().backward()
    w = judge.weight.detach()
    assert_close(judge.weight.grad, 2 * 10 * (2.5 - 1) * w / 2.5, atol=1e-9, rtol=1e-9)


def test_r2_gradient_in_a_quadratic_coefficient_is_the_hand_formula():
    judge = Quadratic(0.7)
    R2(gamma=3.0)(judge, REAL, FAKE).sum().backward()
    assert_close(judge.c.grad, 3 * 0.7 * norms(FAKE).square().sum())  # d/dc γ/2 c²‖x‖² = γ c ‖x‖²


def test_dragan_gradient_in_a_quadratic_coefficient_is_the_hand_formula():
    judge = Quadratic(0.7)
    DRAGAN(weight=10.0, k=2.0)(judge, REAL, FAKE).sum().backward()
    n = norms(judge.points)  # d/dc λ(c‖x‖ − k)² = 2λ(c‖x‖ − k)‖x‖
    assert_close(judge.c.grad, (20 * (0.7 * n - 2) * n).sum(), atol=1e-7, rtol=1e-9)


def test_r1_gradient_in_a_nonlinear_network_is_that_of_finite_differences():
    a, b = torch.randn(2, 5, 18, dtype=torch.float64, generator=torch.Generator().manual_seed(7))

    def penalty(first, second):
        return R1(gamma=2.0)(lambda x: (x.flatten(1) @ first.T).tanh() @ second, REAL, FAKE).mean()

    weights = (a.clone().requires_grad_(), b[:, 0].clone().requires_grad_())
    assert torch.autograd.gradcheck(penalty, weights)


def test_weight_clipping_leaves_frozen_weights_as_they_are():
    network = nn.Sequential(nn.Linear(3, 1), nn.Linear(1, 1).requires_grad_(False))
    for layer in network:
        nn.init.constant_(layer.weight, 0.5)
    WeightClipping(limit=0.01).constrain(network)
    assert_close(network[0].weight.detach(), torch.full((1, 3), 0.01))
    assert network[1].weight.item() == 0.5


@pytest.mark.parametrize("penalty", [WGANGP(weight=10.0), DRAGAN(weight=10.0), R1(gamma=1.0), R2(gamma=1.0)], ids=repr)
def test_value_and_gradient_are_finite_where_the_discriminator_is_flat(penalty):
    discriminator = nn.Sequential(nn.Flatten(), nn.Linear(18, 1)).double()
    nn.init.zeros_(discriminator[1].weight)
    value = penalty(lambda x: discriminator(x).squeeze(1), REAL, FAKE)
    value.mean().backward()
    expected = 10.0 if isinstance(penalty, WGANGP | DRAGAN) else 0.0  # 10 · (0 − 1)², γ/2 · 0
    assert_close(value.detach(), torch.full((4,), expected, dtype=torch.float64), atol=1e-4, rtol=0)
    assert discriminator[1].weight.grad.isfinite().all()


@pytest.mark.parametrize("penalty", [WGANGP(weight=10.0), DRAGAN(weight=10.0), R1(gamma=1.0), R2(gamma=1.0)], ids=repr)
def test_penalty_reaches_the_weights_but_never_the_generated_pictures(penalty):
    fake = FAKE.clone().requires_grad_()
    judge = Quadratic()
    penalty(judge, REAL, fake.detach()).mean().backward()
    assert judge.c.grad.abs() > 0
    assert fake.grad is None


# ---------------------------------------------------------------------------------------------- weight clipping


def test_weight_clipping_adds_nothing_to_the_loss():
    assert WeightClipping(limit=0.01)(Linear(), REAL, FAKE).tolist() == [0.0] * 4


def test_weight_clipping_clips_every_parameter_and_leaves_small_ones_alone():
    network = nn.Linear(3, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[-0.5, 0.004, 0.02]]))
        network.bias.fill_(-0.003)
    WeightClipping(limit=0.01).constrain(network)
    assert_close(network.weight.detach(), torch.tensor([[-0.01, 0.004, 0.01]]))
    assert_close(network.bias.detach(), torch.tensor([-0.003]))
    assert network.weight.requires_grad


@pytest.mark.parametrize("penalty", [WGANGP(weight=10.0), DRAGAN(weight=10.0), R1(gamma=1.0), R2(gamma=1.0)], ids=repr)
def test_other_penalties_leave_the_weights_alone(penalty):
    network = nn.Linear(3, 1)
    before = network.weight.detach().clone()
    penalty.constrain(network)
    assert torch.equal(network.weight, before)


# ---------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize("every", [0, -3])
@pytest.mark.parametrize("make", [lambda e: R1(gamma=1.0, every=e), lambda e: WGANGP(weight=1.0, every=e)])
def test_every_must_be_at_least_one(make, every):
    with pytest.raises(UserError, match=rf"every={every} .*every=1 or more"):
        make(every)


def test_penalty_is_evaluated_at_every_update_unless_told_otherwise():
    assert R1(gamma=1.0).every == 1
    assert R1(gamma=1.0, every=4).every == 4
