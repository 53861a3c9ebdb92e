"""Every loss at logits worked by hand; σ(x) = 1/(1+e^−x), softplus(x) = ln(1 + eˣ)."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.testing import assert_close

from ganart.losses import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein

ALL = [Hinge(), LeastSquares(), Minimax(), NonSaturating(), Relativistic(), Wasserstein()]
LN2 = math.log(2)

# loss, logit of a real picture, of a generated one, discriminator's loss, generator's loss
BY_HAND = [
    (NonSaturating(), 0.0, 0.0, 2 * LN2, LN2),
    (NonSaturating(), 2.0, -1.0, 0.4401896985611953, 1.3132616875182228),  # softplus(−2) + softplus(−1), softplus(1)
    (NonSaturating(), -1.0, 2.0, 3.4401896985611953, 0.1269280110429725),  # softplus(1) + softplus(2), softplus(−2)
    (Minimax(), 0.0, 0.0, 2 * LN2, -LN2),
    (Minimax(), 2.0, -1.0, 0.4401896985611953, -0.3132616875182228),  # …, −softplus(−1)
    (Minimax(), -1.0, 2.0, 3.4401896985611953, -2.1269280110429727),  # …, −softplus(2)
    (Hinge(), 0.0, 0.0, 2.0, 0.0),  # 1 + 1
    (Hinge(), 2.0, -1.0, 0.0, 1.0),  # both beyond the margin
    (Hinge(), -0.5, 0.25, 2.75, -0.25),  # 1.5 + 1.25
    (Hinge(), 0.75, -2.0, 0.25, 2.0),  # 0.25 + 0
    (Hinge(margin=2.0), 0.5, -1.0, 2.5, 1.0),  # 1.5 + 1
    (LeastSquares(), 0.0, 0.0, 0.5, 0.5),
    (LeastSquares(), 1.0, 0.0, 0.0, 0.5),  # both on target
    (LeastSquares(), 2.0, -1.0, 1.0, 2.0),  # ½·1 + ½·1, ½·4
    (LeastSquares(), -1.0, 3.0, 6.5, 2.0),  # ½·4 + ½·9, ½·4
    (Wasserstein(), 0.0, 0.0, 0.0, 0.0),
    (Wasserstein(), 2.0, -1.0, -3.0, 1.0),
    (Wasserstein(), -1.0, 2.5, 3.5, -2.5),
    (Relativistic(), 0.0, 0.0, LN2, LN2),
    (Relativistic(), 2.0, -1.0, 0.04858735157374196, 3.048587351573742),  # softplus(−3), softplus(3)
    (Relativistic(), -1.0, 0.5, 1.7014132779827524, 0.20141327798275246),  # softplus(1.5), softplus(−1.5)
]


@pytest.mark.parametrize(("loss", "real", "fake", "discriminator", "generator"), BY_HAND, ids=lambda v: str(v))
def test_loss_has_the_value_worked_by_hand_for_both_players(loss, real, fake, discriminator, generator):
    real, fake = torch.tensor([real], dtype=torch.float64), torch.tensor([fake], dtype=torch.float64)
    assert loss.discriminator(real, fake).item() == pytest.approx(discriminator, abs=1e-12)
    assert loss.generator(real, fake).item() == pytest.approx(generator, abs=1e-12)


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_each_sample_has_its_own_loss_that_depends_on_no_other(loss):
    real, fake = torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for player in (loss.discriminator, loss.generator):
        together = player(real, fake)
        assert together.shape == (5,)
        assert_close(together, torch.cat([player(real[i : i + 1], fake[i : i + 1]) for i in range(5)]))


@pytest.mark.parametrize("loss", [NonSaturating(), Minimax()], ids=repr)
def test_non_saturating_and_minimax_discriminators_are_binary_cross_entropy(loss):
    real, fake = 5 * torch.randn(2, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = binary_cross_entropy_with_logits(real, torch.ones_like(real), reduction="none")
    expected += binary_cross_entropy_with_logits(fake, torch.zeros_like(fake), reduction="none")
    assert_close(loss.discriminator(real, fake), expected)


def gradient_of_generator(loss, fake: float, real: float = 0.0) -> float:
    logits = torch.tensor([fake], dtype=torch.float64, requires_grad=True)
    loss.generator(torch.tensor([real], dtype=torch.float64), logits).sum().backward()
    return logits.grad.item()


@pytest.mark.parametrize("fake", [-20.0, -3.0, 0.0, 1.5])
def test_minimax_generator_gradient_is_minus_sigma_and_vanishes_where_the_discriminator_is_sure(fake):
    assert gradient_of_generator(Minimax(), fake) == pytest.approx(-1 / (1 + math.exp(-fake)), rel=1e-12)


def test_minimax_saturates_where_non_saturating_does_not():
    assert gradient_of_generator(Minimax(), -20.0) == pytest.approx(-math.exp(-20), rel=1e-6)  # −2.1e−9
    assert gradient_of_generator(NonSaturating(), -20.0) == pytest.approx(-1.0, abs=1e-8)


@pytest.mark.parametrize("fake", [-20.0, -3.0, 0.0, 1.5])
def test_non_saturating_generator_gradient_is_sigma_minus_one(fake):
    assert gradient_of_generator(NonSaturating(), fake) == pytest.approx(1 / (1 + math.exp(-fake)) - 1, rel=1e-6)


@pytest.mark.parametrize(("fake", "expected"), [(-3.0, -4.0), (0.0, -1.0), (1.0, 0.0), (3.0, 2.0)])
def test_least_squares_pulls_back_samples_that_are_too_good(fake, expected):
    assert gradient_of_generator(LeastSquares(), fake) == expected  # D − 1


@pytest.mark.parametrize("loss", [Hinge(), Hinge(margin=3.0), Wasserstein()], ids=repr)
@pytest.mark.parametrize("fake", [-7.0, 0.0, 7.0])
def test_hinge_and_wasserstein_push_the_generator_equally_everywhere(loss, fake):
    assert gradient_of_generator(loss, fake) == -1.0


def gradients_of_discriminator(loss, real: float, fake: float) -> tuple[float, float]:
    logits = torch.tensor([real, fake], dtype=torch.float64, requires_grad=True)
    loss.discriminator(logits[:1], logits[1:]).sum().backward()
    return tuple(logits.grad.tolist())


@pytest.mark.parametrize(
    ("margin", "real", "fake", "expected"),
    [
        (1.0, 0.9, -0.9, (-1.0, 1.0)),  # both within the margin
        (1.0, 1.1, -1.1, (0.0, 0.0)),  # both beyond it
        (1.0, 1.1, -0.9, (0.0, 1.0)),
        (2.0, 1.1, -1.1, (-1.0, 1.0)),
    ],
)
def test_hinge_gives_no_gradient_beyond_its_margin(margin, real, fake, expected):
    assert gradients_of_discriminator(Hinge(margin=margin), real, fake) == expected


def test_relativistic_players_are_mirror_images():
    real, fake = torch.randn(2, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    loss = Relativistic()
    assert_close(loss.generator(real, fake), loss.discriminator(fake, real))
    assert_close(
        loss.generator(real, fake) - loss.discriminator(real, fake), real - fake
    )  # softplus(x) − softplus(−x) = x


def test_relativistic_looks_at_differences_only():
    real, fake = torch.randn(2, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    loss = Relativistic()
    assert_close(loss.discriminator(real + 5, fake + 5), loss.discriminator(real, fake))
    assert_close(loss.generator(real + 5, fake + 5), loss.generator(real, fake))
    assert gradients_of_discriminator(loss, 1.0, 1.0) == (-0.5, 0.5)  # −σ(0), σ(0)


def test_only_the_relativistic_generator_looks_at_real_pictures():
    for loss in ALL:
        fake = torch.zeros(1)
        looks = not torch.equal(loss.generator(torch.tensor([1.0]), fake), loss.generator(torch.tensor([2.0]), fake))
        assert looks == isinstance(loss, Relativistic)


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_losses_stay_finite_at_extreme_logits(loss):
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert loss.discriminator(real, fake).isfinite().all()
    assert loss.generator(real, fake).isfinite().all()
