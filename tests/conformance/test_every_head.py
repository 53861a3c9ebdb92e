"""Every head of a discriminator: logits of features, in float32, learning, and in a game."""

import copy

import pytest
import torch
from registered import (
    LABEL_SIZES,
    assert_cites_a_source,
    assert_learns,
    assert_resumes,
    on_meta,
    some_labels,
    through_a_file,
)
from torch import nn
from torch.testing import assert_close

from ganart.config.build import build
from ganart.play import output_of

GROUP = "head"
DIM = 12


@pytest.fixture
def choice(option):
    return ("architecture=dcgan", f"head@architecture.discriminator.head={option}")


@pytest.fixture(params=[(), LABEL_SIZES], ids=["without labels", "with labels"])
def label_sizes(request):
    return request.param


@pytest.fixture
def head(registry, choice, label_sizes):
    torch.manual_seed(0)
    made_of = build(registry.compose(*choice).architecture.discriminator.head, allow=registry.allow)
    return made_of(nn.Linear(DIM, 1), DIM, list(label_sizes))


def test_it_cites_a_source(registry, choice):
    assert_cites_a_source(registry.kinds(*choice, group="architecture.discriminator.head"))


def test_it_gives_a_logit_a_picture_in_float32(head, label_sizes):
    features, labels = torch.randn(6, DIM), some_labels(6, label_sizes)
    exact = output_of(head(features, labels))
    assert exact.logits.shape == (6,)
    assert [tuple(logits.shape) for logits in exact.class_logits] in ([], [(6, size) for size in label_sizes])
    with torch.autocast("cpu", torch.bfloat16):
        said = output_of(head(features, labels))
        assert {logits.dtype for logits in (*said.heads, *said.class_logits)} == {torch.float32}
    assert_close(said.logits, exact.logits, rtol=0, atol=0)


def test_every_weight_learns(head, label_sizes):
    output = output_of(head(torch.randn(6, DIM), some_labels(6, label_sizes)))
    everything = (*output.heads, *output.class_logits)
    torch.stack([logits.square().mean() for logits in everything]).sum().backward()
    assert [name for name, weight in head.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_a_checkpoint_makes_another_head_the_same(head, label_sizes):
    other, features, labels = copy.deepcopy(head), torch.randn(6, DIM), some_labels(6, label_sizes)
    with torch.no_grad():
        for weight in head.parameters():
            weight.add_(1)
    expected = output_of(head(features, labels)).logits
    assert not torch.allclose(output_of(other(features, labels)).logits, expected)
    other.load_state_dict(through_a_file(head.state_dict()))
    assert torch.equal(output_of(other(features, labels)).logits, expected)


def test_nothing_is_made_on_another_device(head, label_sizes):
    output = output_of(on_meta(head, torch.randn(6, DIM), some_labels(6, label_sizes)))
    assert {logits.device.type for logits in (*output.heads, *output.class_logits)} == {"meta"}


def test_a_game_is_played_with_it_and_resumed(registry, choice, label_sizes):
    played, fresh = (registry.build_gan(*choice, label_sizes=label_sizes) for _ in range(2))
    assert_learns(played)
    assert_resumes(played, fresh)
