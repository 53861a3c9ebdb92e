import math

import pytest
import torch
from sides import sample, values
from torchmetrics.image.inception import InceptionScore as TorchInceptionScore

from ganart.metrics import InceptionScore


def score(logits: torch.Tensor, splits: int) -> tuple[float, float | None]:
    fake = sample(torch.zeros(len(logits), 4), logits.float())
    real = sample(torch.zeros(3, 4), torch.full((3, logits.shape[1]), 7.0))
    value = values(InceptionScore(splits=splits), real, fake)["is"]
    assert not InceptionScore.lower_is_better
    return value.value, value.std


def sure_of(classes: torch.Tensor, count: int, logit: float = 30.0) -> torch.Tensor:
    return torch.nn.functional.one_hot(classes, count) * logit


@pytest.mark.parametrize("splits", [2, 5])
def test_a_network_that_sees_nothing_scores_one(splits):
    mean, std = score(torch.zeros(40, 6), splits)
    assert mean == pytest.approx(1, abs=1e-6)
    assert std == pytest.approx(0, abs=1e-6)


def test_pictures_of_one_class_score_one():
    assert score(sure_of(torch.zeros(40, dtype=torch.long), 6), 2)[0] == pytest.approx(1, abs=1e-5)


@pytest.mark.filterwarnings("ignore:std")
@pytest.mark.parametrize("classes", [2, 5, 10])
def test_sure_and_even_over_all_classes_scores_their_number(classes):
    assert score(sure_of(torch.arange(40) % classes, classes), 1)[0] == pytest.approx(classes, rel=1e-5)


@pytest.mark.filterwarnings("ignore:std")
def test_score_of_two_classes_with_half_certainty_is_worked_by_hand():
    # p(y|x) = (¾, ¼) or (¼, ¾), p(y) = (½, ½): KL = ¾ ln 1.5 + ¼ ln 0.5.
    logits = torch.tensor([[math.log(3), 0.0], [0.0, math.log(3)]]).repeat(20, 1)
    assert score(logits, 1)[0] == pytest.approx(math.exp(0.75 * math.log(1.5) + 0.25 * math.log(0.5)), rel=1e-5)


def test_splits_are_scored_each_by_itself():
    # Twenty pictures of four classes in ten splits of two: two classes in a split score 2, one class twice scores 1.
    torch.manual_seed(0)
    logits = sure_of(torch.arange(20) % 4, 4)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    mean, std = score(logits, 10)
    pairs = (torch.arange(20) % 4)[order].view(10, 2)
    expected = torch.where(pairs[:, 0] == pairs[:, 1], 1.0, 2.0)
    assert mean == pytest.approx(expected.mean().item(), rel=1e-5)
    assert std == pytest.approx(expected.std().item(), rel=1e-4)
    assert 1 < mean < 2


@pytest.mark.parametrize("count", [2, 3, 4, 5, 11, 13, 21, 25, 39])
def test_there_are_as_many_splits_as_the_protocol_says_and_none_of_a_single_picture(count):
    # A different class for every picture: a split of n pictures scores n, so none may score 1.
    splits = InceptionScore(splits=10).protocol(count)["splits"]
    assert splits == min(10, count // 2)
    mean, std = score(sure_of(torch.arange(count), count), 10)
    assert mean == pytest.approx(count / splits, rel=1e-4)
    small, large = count // splits, -(-count // splits)
    assert min(small, large) >= 2
    sizes = torch.tensor([float(small)] * (splits - count % splits) + [float(large)] * (count % splits))
    assert (std is None) if splits == 1 else std == pytest.approx(sizes.std().item(), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("logit", [120.0, 1e4])
def test_a_class_whose_probability_is_too_small_to_be_written_takes_no_part(logit):
    """exp(−120) is 0 in float32, exp(−10,000) in float64 too."""
    one, other = sure_of(torch.arange(40) % 2, 2), torch.zeros(40, 3)
    other[:, 0] = logit
    joint = (other.log_softmax(1).unsqueeze(2) + one.log_softmax(1).unsqueeze(1)).flatten(1)
    assert score(joint, 1) == (pytest.approx(2, rel=1e-6), None)
    assert score(joint, 4)[1] < 1


def test_the_score_is_that_of_torchmetrics_where_it_has_one():
    logits = 3 * torch.randn(300, 7, generator=torch.Generator().manual_seed(0))
    reference = TorchInceptionScore(feature=torch.nn.Identity(), splits=10)
    reference.update(logits)
    torch.manual_seed(0)
    expected = reference.compute()
    torch.manual_seed(0)
    assert score(logits, 10) == pytest.approx([float(number) for number in expected], rel=1e-5)


@pytest.mark.filterwarnings("ignore:std")
def test_one_split_has_no_spread():
    mean, std = score(torch.randn(12, 4, generator=torch.Generator().manual_seed(0)), 1)
    assert mean > 1
    assert std is None


def test_a_network_without_classes_has_no_score():
    assert values(InceptionScore(), sample(torch.zeros(5, 2)), sample(torch.zeros(5, 2))) == {}
