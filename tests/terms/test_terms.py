"""Each term against its formula, on numbers that can be followed by hand."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.errors import UserError
from ganart.networks.base import Generator
from ganart.play import DiscriminatorOutput, Pair
from ganart.terms import AuxiliaryClassifier, FeatureMatching, LeCam, PathLength

NOTHING = torch.empty(0)


class Linear(Generator):
    """Codes [N, 3] → images [N, 1, 2, 2], one matrix."""

    latent_dim = 3

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.tensor([[1.0, 0, 0], [0, 2, 0], [0, 0, 3], [1, 1, 1]]))

    def mapping(self, latents, labels):
        return latents

    def synthesis(self, code):
        return (code @ self.matrix.T).view(-1, 1, 2, 2)


def play(generator=None):
    return SimpleNamespace(generator=generator, mean_of_processes=lambda value: value)


def outputs(real, fake, **more) -> Pair:
    pair = Pair(NOTHING, NOTHING, more.pop("labels", NOTHING), NOTHING)
    features = more.pop("features", ((), ()))
    classes = more.pop("class_logits", ((), ()))
    pair.real_output = DiscriminatorOutput((real,), features[0], classes[0])
    pair.fake_output = DiscriminatorOutput((fake,), features[1], classes[1])
    return pair


# ---------------------------------------------------------------------------------------------- path length


def test_path_length_is_the_norm_of_the_jacobian_times_noise():
    generator, latents = Linear(), torch.randn(4, 3)
    term = PathLength(weight=2.0, decay=0.25, share=0.5)
    term.mean.fill_(1.0)
    torch.manual_seed(5)
    value = term.generator(Pair(NOTHING, NOTHING, torch.empty(4, 0), latents), play(generator))
    torch.manual_seed(5)
    noise = torch.randn(2, 1, 2, 2).flatten(1) / math.sqrt(4)  # of half of the batch, divided by √(pixels)
    lengths = (noise @ generator.matrix).norm(dim=1)
    mean = 1 + 0.25 * (lengths.mean() - 1)
    assert_close(term.mean, mean)
    assert_close(value, 2 * (lengths - mean).square())


def test_path_length_teaches_the_generator_its_target():
    """d/dA of (‖Aᵀy‖ − a)² is 2 (‖Aᵀy‖ − a) y (Aᵀy)ᵀ / ‖Aᵀy‖."""
    generator = Linear()
    term = PathLength(weight=1.0, decay=1e-9, share=1.0)
    torch.manual_seed(5)
    term.generator(Pair(NOTHING, NOTHING, torch.empty(1, 0), torch.randn(1, 3)), play(generator)).sum().backward()
    torch.manual_seed(5)
    torch.randn(1, 3)
    y = torch.randn(1, 1, 2, 2).flatten() / 2
    slope = generator.matrix.detach().T @ y
    expected = 2 * slope.norm() * torch.outer(y, slope) / slope.norm()
    assert_close(generator.matrix.grad, expected, rtol=1e-4, atol=1e-5)


def test_path_length_of_codes_of_several_vectors_is_the_mean_over_them():
    from ganart.terms.path_length import path_lengths

    code = torch.randn(2, 5, 3, requires_grad=True)
    torch.manual_seed(1)
    lengths = path_lengths(code, code.sum(2, keepdim=True).unsqueeze(1))  # images [2, 1, 5, 1]
    torch.manual_seed(1)
    noise = torch.randn(2, 1, 5, 1).view(2, 5) / math.sqrt(5)
    assert_close(lengths, (3 * noise.square()).mean(1).sqrt())


def test_path_length_says_what_generator_it_needs():
    with pytest.raises(UserError, match="mapping and synthesis"):
        PathLength(weight=1.0).generator(outputs(NOTHING, NOTHING), play(nn.Linear(2, 2)))


# ---------------------------------------------------------------------------------------------- LeCam


def test_lecam_pulls_each_prediction_towards_the_average_of_the_other():
    term = LeCam(weight=0.5, decay=0.9)
    real, fake = torch.tensor([2.0, 4.0]), torch.tensor([-1.0, 0.0])
    first = term.discriminator(outputs(real, fake), play())
    assert_close(term.anchors, torch.tensor([3.0, -0.5]))  # the first batch starts them
    assert_close(first, 0.5 * ((real + 0.5).square() + (fake - 3).square()))
    second = term.discriminator(outputs(real + 1, fake), play())
    anchor = 0.9 * 3 + 0.1 * 4
    assert_close(term.anchors, torch.tensor([anchor, -0.5]))
    assert_close(second, 0.5 * ((real + 1 + 0.5).square() + (fake - anchor).square()))


def test_lecam_sends_no_gradient_into_its_averages():
    term, real = LeCam(weight=1.0), torch.tensor([2.0], requires_grad=True)
    term.discriminator(outputs(real, torch.tensor([0.0])), play()).sum().backward()
    assert_close(real.grad, torch.tensor([4.0]))  # 2 (2 − 0), not also through the average of real logits


# ---------------------------------------------------------------------------------------------- features, classes


def test_feature_matching_compares_means_layer_by_layer():
    real = (torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[[1.0]], [[5.0]]]))
    fake = (torch.tensor([[0.0, 0.0], [0.0, 2.0]]), torch.tensor([[[2.0]], [[2.0]]]))
    value = FeatureMatching(weight=10.0).generator(outputs(NOTHING, NOTHING, features=(real, fake)), play())
    assert value.item() == pytest.approx(10 * (((2 - 0) ** 2 + (3 - 1) ** 2) / 2 + (3 - 2) ** 2))


def test_feature_matching_without_features_says_so():
    with pytest.raises(UserError, match="returns features"):
        FeatureMatching(weight=1.0).generator(outputs(NOTHING, NOTHING), play())


def test_the_auxiliary_classifier_is_the_cross_entropy_of_both_samples_for_the_discriminator():
    labels = torch.tensor([[1.0, 0, 0, 0, 1], [0, 0, 0, 0.3, 0.7]])  # one unknown, one blend
    logits = [(torch.randn(2, 3), torch.randn(2, 2)) for _ in range(2)]
    pair = outputs(NOTHING, NOTHING, labels=labels, class_logits=logits)

    def by_hand(style, subject):
        first = -style[0].log_softmax(0)[0] - subject[0].log_softmax(0)[1]
        blend = subject[1].log_softmax(0)
        return torch.stack([first, -0.3 * blend[0] - 0.7 * blend[1]])

    term = AuxiliaryClassifier(weight=2.0)
    assert_close(term.discriminator(pair, play()), 2 * (by_hand(*logits[0]) + by_hand(*logits[1])))
    assert_close(term.generator(pair, play()), 2 * by_hand(*logits[1]))
    only_real = AuxiliaryClassifier(weight=2.0, learns_from_fakes=False)
    assert_close(only_real.discriminator(pair, play()), 2 * by_hand(*logits[0]))


def test_the_auxiliary_classifier_says_which_head_it_needs():
    with pytest.raises(UserError, match=r"head@architecture\.discriminator\.head=auxiliary_classifier"):
        AuxiliaryClassifier(weight=1.0).generator(outputs(NOTHING, NOTHING), play())


@pytest.mark.parametrize(
    "make",
    [
        lambda: PathLength(weight=-1),
        lambda: PathLength(weight=1, every=0),
        lambda: PathLength(weight=1, share=0),
        lambda: LeCam(weight=1, decay=1),
        lambda: LeCam(weight=-1),
        lambda: FeatureMatching(weight=1, every=1.5),
        lambda: AuxiliaryClassifier(weight=-1),
    ],
)
def test_what_cannot_be_is_refused(make):
    with pytest.raises(UserError):
        make()
