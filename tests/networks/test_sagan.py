"""Self-attention and the players of SAGAN: parameter counts to the digit, the layer against a sum over places."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.errors import UserError
from ganart.layers.attention import SelfAttention
from ganart.networks.sagan import Attended, Discriminator, Generator


def players(side=32, **settings):
    size = {"height": side, "width": side, "channels": 3, "label_sizes": (10,), "attention_side": 16, **settings}
    generator = Generator(latent_dim=128, min_channels=256, max_channels=256, **size)
    return generator, Discriminator(min_channels=128, max_channels=128, flat_blocks=2, **size)


def test_the_number_of_parameters_is_that_of_studiogan():
    counts = [sum(p.numel() for p in player.parameters()) for player in players()]
    assert counts == [4_386_308, 1_075_586]


def test_attention_is_a_softmax_of_products_over_pooled_places():
    torch.manual_seed(0)
    layer, x = SelfAttention(8), torch.randn(2, 8, 4, 6)
    nn.init.constant_(layer.gamma, 0.5)
    query, key, value = (getattr(layer, name)(x) for name in ("query", "key", "value"))
    expected = x.clone()
    for n in range(2):
        for i in range(4):
            for j in range(6):
                places = [(a, b) for a in range(0, 4, 2) for b in range(0, 6, 2)]
                keys = torch.stack([key[n, :, a : a + 2, b : b + 2].amax((1, 2)) for a, b in places])
                values = torch.stack([value[n, :, a : a + 2, b : b + 2].amax((1, 2)) for a, b in places])
                weights = [math.exp(float(query[n, :, i, j].detach() @ k.detach())) for k in keys]
                gathered = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
                expected[n, :, i, j] += 0.5 * layer.out.weight[:, :, 0, 0] @ gathered
    assert_close(layer(x), expected)


def test_attention_changes_nothing_at_first_and_has_second_derivatives():
    layer = SelfAttention(8).double()
    x = torch.randn(1, 8, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.equal(layer(x), x)
    nn.init.constant_(layer.gamma, 0.7)
    assert torch.autograd.gradgradcheck(layer, (x,))


@pytest.mark.parametrize(("side", "place"), [(8, 0), (16, 1), (32, 2)])
def test_attention_stands_where_the_images_have_the_side_asked_for(side, place):
    generator = Generator(
        latent_dim=4, height=32, width=48, channels=3, min_channels=8, max_channels=8, attention_side=side
    )
    assert [isinstance(block, Attended) for block in generator.blocks] == [place == n for n in range(3)]
    sizes = []
    generator.blocks[place].attention.register_forward_hook(lambda module, inputs, output: sizes.append(output.shape))
    generator(torch.randn(2, 4), torch.zeros(2, 0))
    assert sizes == [(2, 8, side, side * 3 // 2)]


@pytest.mark.parametrize(("side", "place"), [(16, 0), (8, 1)])
def test_of_blocks_with_the_same_side_the_first_is_attended(side, place):
    discriminator = Discriminator(
        height=32, width=32, channels=3, min_channels=8, max_channels=8, flat_blocks=2, attention_side=side
    )
    assert [isinstance(block, Attended) for block in discriminator.blocks] == [place == n for n in range(4)]


def test_a_side_that_no_block_has_is_refused():
    with pytest.raises(UserError, match=r"attention_side=12: after the blocks the shorter side is 8, 16, 32 pixels"):
        players(attention_side=12)
    with pytest.raises(UserError, match="Attention over 12 channels: it needs a multiple of 8"):
        SelfAttention(12)
