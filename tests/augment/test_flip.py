import pytest
import torch

from ganart.augment import Flip, NoAugmentation
from ganart.errors import UserError

IMAGES = torch.arange(4000.0).view(1000, 1, 2, 2)


def mirrored(images, augmented):
    """Which images are mirrored; each is that or as it was."""
    same = (augmented == images).flatten(1).all(1)
    other = (augmented == images.flip(3)).flatten(1).all(1)
    assert torch.equal(same, ~other)
    return other


@pytest.mark.parametrize(("p", "share"), [(1.0, 0.5), (0.4, 0.2)])
def test_each_image_is_mirrored_by_a_draw_of_its_own(p, share):
    torch.manual_seed(0)
    flip = Flip(p=p)
    one, other = (mirrored(IMAGES, flip(IMAGES)) for _ in range(2))
    assert one.float().mean().item() == pytest.approx(share, abs=0.05)  # three standard errors
    assert not torch.equal(one, other)
    assert flip.strength.item() == pytest.approx(share)  # what the doctor reads: the share that is changed


def test_without_probability_and_without_augmentation_images_stay_as_they_are():
    assert torch.equal(Flip(p=0.0)(IMAGES), IMAGES)
    assert NoAugmentation()(IMAGES) is IMAGES
    assert NoAugmentation().strength is None
    assert NoAugmentation().state_dict() == {}  # checkpoints of runs without augmentation stay as they were


def test_a_draw_can_be_used_twice_so_that_a_pair_is_mirrored_together():
    torch.manual_seed(0)
    flip = Flip(p=1.0, shared=True)
    draw = flip.draw(IMAGES)
    assert torch.equal(mirrored(IMAGES, flip(IMAGES, draw)), mirrored(-IMAGES, flip(-IMAGES, draw)))


def test_gradients_come_back_to_where_the_pixels_were():
    torch.manual_seed(0)
    images = torch.zeros(6, 1, 2, 2, requires_grad=True)
    flip = Flip(p=1.0)
    draw = flip.draw(images)
    weights = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    (flip(images, draw) * weights).sum().backward()
    expected = torch.where(draw, weights.flip(1), weights)
    assert torch.equal(images.grad, expected.expand_as(images))
    assert 0 < draw.sum() < 6


@pytest.mark.parametrize("p", [-0.1, 1.5, "x"])
def test_a_probability_is_a_probability(p):
    with pytest.raises(UserError, match="probability from 0 to 1"):
        Flip(p=p)


def test_the_probability_is_saved_with_the_run():
    assert Flip(p=0.25).state_dict()["p"] == 0.25
