"""The residual players of SNGAN: parameter counts to the digit, labels, spectral norms."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.errors import UserError
from ganart.layers.normalization import ConditionalBatchNorm
from ganart.networks.resnet import Discriminator, DownBlock, Generator, UpBlock, channels_of

SMALL = {"min_channels": 4, "max_channels": 8}


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("side", "label_sizes", "generator", "discriminator", "expected"),
    [  # 32: StudioGAN's SNGAN; 64 and 128: mimicry's
        (32, (), (256, 256), (128, 128, 2), (4_276_739, 1_053_825)),
        (32, (10,), (256, 256), (128, 128, 2), (4_304_387, 1_055_105)),
        (64, (), (64, 1024), (64, 1024, 0), (12_220_675, 10_141_441)),
        (128, (), (64, 1024), (64, 1024, 1), (32_150_787, 29_017_857)),
    ],
)
def test_the_number_of_parameters_is_that_of_published_implementations(
    side, label_sizes, generator, discriminator, expected
):
    size = {"height": side, "width": side, "channels": 3, "label_sizes": label_sizes}
    with torch.device("meta"):
        g = Generator(latent_dim=128, min_channels=generator[0], max_channels=generator[1], **size)
        d = Discriminator(
            min_channels=discriminator[0],
            max_channels=discriminator[1],
            flat_blocks=discriminator[2],
            spectral_norm=False,
            **size,
        )
    assert (count(g), count(d)) == expected


def test_channels_double_from_the_image_on_up_to_the_largest():
    assert channels_of(6, 64, 1024) == [64, 128, 256, 512, 1024, 1024]
    assert channels_of(3, 256, 256) == [256] * 3
    with pytest.raises(UserError, match="max_channels=3 is less than min_channels=4"):
        channels_of(2, 4, 3)


@pytest.mark.parametrize("flat_blocks", [-1, 4, 1.5])
def test_blocks_that_cannot_be_flat_are_refused(flat_blocks):
    with pytest.raises(UserError, match=r"of the 4 blocks for 32×32 images, 0 to 3"):
        Discriminator(height=32, width=32, channels=3, flat_blocks=flat_blocks, spectral_norm=True, **SMALL)


def test_a_block_is_its_residual_beside_its_shortcut():
    """The blocks, which apply 1×1 convolutions where they are cheap, equal the paper's order of operations."""
    torch.manual_seed(0)
    x, labels = torch.randn(2, 4, 6, 6), torch.zeros(2, 0)
    up = UpBlock(4, 8, ()).eval()
    doubled = nn.Upsample(scale_factor=2)
    residual = up.conv2(torch.relu(up.norm2(up.conv1(doubled(torch.relu(up.norm1(x, labels)))), labels)))
    assert_close(up(x, labels), residual + up.shortcut(doubled(x)))
    down, halved = DownBlock(4, 8), nn.AvgPool2d(2)
    residual = halved(down.conv2(torch.relu(down.conv1(torch.relu(x)))))
    assert_close(down(x), residual + halved(down.shortcut(x)))
    first = DownBlock(4, 8, is_first=True)
    assert_close(first(x), halved(first.conv2(torch.relu(first.conv1(x)))) + first.shortcut(halved(x)))
    flat = DownBlock(4, 4, is_flat=True)
    assert_close(flat(x), x + flat.conv2(torch.relu(flat.conv1(torch.relu(x)))))


def test_conditional_normalization_has_a_gain_and_a_bias_for_each_class():
    norm, x = ConditionalBatchNorm(2, [3, 2]), torch.randn(4, 2, 5, 5)
    plain = nn.BatchNorm2d(2, affine=False)(x)
    nn.init.normal_(norm.gain)
    nn.init.normal_(norm.bias)
    labels = torch.tensor([[1.0, 0, 0, 0, 1], [0, 0.5, 0.5, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 0]])
    found = norm(x, labels)
    assert_close(found[2], plain[2])  # unknown labels
    gain, bias = norm.gain[0] + norm.gain[4], norm.bias[0] + norm.bias[4]
    assert_close(found[0], plain[0] * (1 + gain)[:, None, None] + bias[:, None, None])
    gain, bias = (norm.gain[1] + norm.gain[2]) / 2, (norm.bias[1] + norm.bias[2]) / 2
    assert_close(found[1], plain[1] * (1 + gain)[:, None, None] + bias[:, None, None])


def test_without_labels_normalization_is_the_usual_one():
    norm, x = ConditionalBatchNorm(2, []), torch.randn(4, 2, 5, 5)
    assert count(norm) == 4
    assert_close(norm(x, torch.zeros(4, 0)), nn.BatchNorm2d(2)(x))


def test_every_layer_of_the_discriminator_has_a_largest_singular_value_of_one():
    torch.manual_seed(0)
    network = Discriminator(
        height=16, width=16, channels=3, flat_blocks=1, spectral_norm=True, label_sizes=(5,), **SMALL
    ).train()
    images, labels = torch.randn(2, 3, 16, 16), torch.eye(5)[:2]
    for _ in range(200):  # the power iteration converges
        network(images, labels)
    network.eval()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert len(layers) == 10
    for layer in layers:
        assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, abs=1e-3)


def test_the_players_take_sizes_that_are_not_square():
    size = {"height": 12, "width": 20, "channels": 1}
    g, d = Generator(latent_dim=3, **size, **SMALL), Discriminator(**size, flat_blocks=1, spectral_norm=True, **SMALL)
    images = g(torch.randn(2, 3), torch.zeros(2, 0))
    assert images.shape == (2, 1, 12, 20)
    assert d(images, torch.zeros(2, 0)).logits.shape == (2,)
