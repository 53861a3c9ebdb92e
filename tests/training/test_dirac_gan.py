"""The Dirac-GAN of Mescheder et al. 2018 (arXiv:1801.04406), section 2: what converges and what does not.

Real data is a single point at 0, generated data a single point at θ, and the discriminator is D(x) = ψ·x; the only
equilibrium is (ψ, θ) = (0, 0). Updates alternate as in ganart.gan: discriminator first, then the generator against the
new discriminator. All start from (θ, ψ) = (1, 0.5).
"""

import math

import pytest
import torch

from ganart.losses import NonSaturating, Wasserstein
from ganart.penalties import R1, R2

STEPS, RATE = 2000, 0.1


def play(loss, penalties=(), steps=STEPS) -> float:
    """The distance from the equilibrium after alternating steps of gradient descent, by the package's own objects."""
    theta, psi = (torch.tensor(start, dtype=torch.float64, requires_grad=True) for start in (1.0, 0.5))
    real = torch.zeros(1, 1, 1, 1, dtype=torch.float64)

    def judge(x):
        return psi * x.flatten(1).sum(1)

    for _ in range(steps):
        fake = theta.view(1, 1, 1, 1)
        loss_d = loss.discriminator(judge(real), judge(fake.detach()))
        loss_d = loss_d + sum(penalty(judge, real, fake.detach()) for penalty in penalties)
        (gradient,) = torch.autograd.grad(loss_d.sum(), psi)
        with torch.no_grad():
            psi -= RATE * gradient
        (gradient,) = torch.autograd.grad(loss.generator(judge(real), judge(fake)).sum(), theta)
        with torch.no_grad():
            theta -= RATE * gradient
    return math.hypot(psi.item(), theta.item())


def by_hand(slope, gamma: float) -> float:
    """The same without autograd; `slope` is f′ of both players' losses f(D): ψ −= h(f′·θ + γψ), θ += h·f′·ψ."""
    theta, psi = 1.0, 0.5
    for _ in range(STEPS):
        psi -= RATE * (slope(psi * theta) * theta + gamma * psi)
        theta += RATE * slope(-psi * theta) * psi
    return math.hypot(psi, theta)


def test_wasserstein_without_a_penalty_circles_the_equilibrium_forever():
    distance = play(Wasserstein())
    assert distance == pytest.approx(by_hand(lambda x: 1.0, 0.0), rel=1e-9)
    assert distance == pytest.approx(1.1046, abs=1e-4)


def test_non_saturating_without_a_penalty_is_far_from_the_equilibrium_after_two_thousand_steps():
    distance = play(NonSaturating())
    assert distance == pytest.approx(by_hand(lambda x: 1 / (1 + math.exp(-x)), 0.0), rel=1e-9)
    assert distance == pytest.approx(0.1995, abs=1e-4)


@pytest.mark.parametrize("loss", [Wasserstein(), NonSaturating()], ids=repr)
@pytest.mark.parametrize("penalty", [R1(gamma=1.0), R2(gamma=1.0)], ids=repr)
def test_a_zero_centred_gradient_penalty_takes_it_to_the_equilibrium(loss, penalty):
    assert 0 <= play(loss, [penalty]) < 1e-30


def test_the_generator_answers_the_discriminator_that_has_just_moved():
    # One step of Wasserstein from (θ, ψ) = (1, 0.5): ψ = 0.5 − 0.1·1 = 0.4, then θ = 1 + 0.1·0.4 = 1.04.
    assert play(Wasserstein(), steps=1) == pytest.approx(math.hypot(0.4, 1.04), rel=1e-12)
