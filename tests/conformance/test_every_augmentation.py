"""Every augmentation: nothing at p = 0, each sample by itself, differentiable, and saved with the run."""

import pytest
import torch
from registered import assert_cites_a_source, assert_learns, assert_resumes, on_meta, through_a_file
from torch.testing import assert_close

from ganart.augment import Augmentation, NoAugmentation

GROUP = "augment"


@pytest.fixture
def augment(registry, option) -> Augmentation:
    augment = registry.build(f"augment={option}")
    if hasattr(augment, "p"):
        augment.p.fill_(1.0)  # one that turns p itself begins at 0
    return augment


@pytest.fixture(params=[(3, 16, 24), (1, 20, 20)], ids=["16×24 RGB", "20×20 grey"])
def samples(request):
    return torch.rand(12, *request.param) * 2 - 1


def drawn(augment, samples, seed=7):
    torch.manual_seed(seed)
    return augment(samples)


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"augment={option}", group="augment"))


def test_at_p_0_samples_stay_as_they_are(augment, samples):
    if hasattr(augment, "p"):
        assert any(not torch.equal(drawn(augment, samples, seed), samples) for seed in range(3))
        augment.p.zero_()
    for seed in range(3):
        assert_close(drawn(augment, samples, seed), samples, rtol=0, atol=1e-5)


def test_shape_and_kind_of_samples_are_kept(augment, samples):
    transformed = augment(samples)
    assert (transformed.shape, transformed.dtype) == (samples.shape, samples.dtype)
    assert transformed.isfinite().all()


def test_each_sample_has_a_draw_of_its_own(augment, samples):
    same = samples[:1].expand(64, -1, -1, -1)
    kinds = {image.numpy().tobytes() for image in drawn(augment, same)}
    assert len(kinds) > 1 or type(augment) is NoAugmentation, "all samples are transformed alike"


def test_what_happens_to_a_sample_does_not_depend_on_the_others(augment, samples):
    draw = augment.draw(samples) if type(augment) is not NoAugmentation else None
    others = torch.cat([samples[:1], torch.zeros_like(samples[1:])])
    assert_close(augment(samples, draw)[0], augment(others, draw)[0], rtol=0, atol=1e-5)


def test_two_samples_of_a_pair_may_share_a_draw(augment, samples):
    draw = augment.draw(samples) if type(augment) is not NoAugmentation else None
    torch.manual_seed(1)
    first = augment(samples, draw)
    torch.manual_seed(2)
    assert torch.equal(augment(samples, draw), first)


def test_gradients_pass_to_every_sample(augment, samples):
    samples.requires_grad_()
    (gradient,) = torch.autograd.grad(augment(samples).square().sum(), samples)
    assert gradient.isfinite().all()
    assert (gradient.flatten(1).abs().sum(1) > 0).all()


def test_nothing_is_made_on_another_device(augment, samples):
    assert on_meta(augment, samples).device.type == "meta"


def test_its_state_is_saved(registry, option, augment, samples):
    other = registry.build(f"augment={option}")
    other.load_state_dict(through_a_file(augment.state_dict()))
    assert torch.equal(drawn(other, samples), drawn(augment, samples))


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_game_is_played_with_it_and_resumed(registry, option, precision):
    played, fresh = (registry.build_gan(f"augment={option}") for _ in range(2))
    logged = assert_learns(played, precision=precision)
    assert ("augment/strength" in logged) == (played.augment.strength is not None)
    assert_resumes(played, fresh)
