"""What every architecture has to keep, and what DCGAN promises in its table."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.errors import UserError
from ganart.layers.conditioning import one_hot
from ganart.layers.heads import Projection
from ganart.losses import Relativistic
from ganart.networks import dcgan, mlp, resize_conv

SIDES = [8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256]
SMALL = {"start_channels": 4, "min_channels": 2}
SETTINGS = {
    dcgan: ({**SMALL, "batch_norm": True, "embedding_dim": 3}, {**SMALL, "batch_norm": False}),
    resize_conv: ({**SMALL, "embedding_dim": 3}, SMALL),
    mlp: ({"hidden": [8, 9], "batch_norm": True, "embedding_dim": 3}, {"hidden": [9, 8], "batch_norm": False}),
}
ALL = pytest.mark.parametrize("architecture", SETTINGS, ids=lambda a: a.__name__.rpartition(".")[2])
CONVOLUTIONAL = pytest.mark.parametrize(
    "architecture", [dcgan, resize_conv], ids=lambda a: a.__name__.rpartition(".")[2]
)


def players(architecture, height=8, width=8, channels=3, label_sizes=()) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    size = {"height": height, "width": width, "channels": channels, "label_sizes": label_sizes}
    settings_g, settings_d = SETTINGS[architecture]
    return architecture.Generator(latent_dim=5, **size, **settings_g), architecture.Discriminator(**size, **settings_d)


def nothing(count: int) -> torch.Tensor:
    return torch.empty(count, 0)


def check_sizes(architecture, height, width, channels=3):
    generator, discriminator = players(architecture, height, width, channels)
    images = generator(torch.randn(2, 5), nothing(2))
    assert images.shape == (2, channels, height, width)
    assert images.abs().max() <= 1
    assert images[0].ne(images[1]).any()
    assert discriminator(images, nothing(2)).logits.shape == (2,)


@ALL
@pytest.mark.parametrize("side", SIDES)
def test_players_agree_on_pictures_of_every_side(architecture, side):
    check_sizes(architecture, side, side)


@ALL
@pytest.mark.parametrize(("height", "width"), [(48, 64), (64, 48), (128, 96), (8, 40)])
def test_pictures_need_not_be_square(architecture, height, width):
    check_sizes(architecture, height, width)


@ALL
@pytest.mark.parametrize("channels", [1, 4])
def test_pictures_may_be_grey_or_transparent(architecture, channels):
    check_sizes(architecture, 28, 28, channels)


def test_dense_players_make_pictures_of_any_size():
    check_sizes(mlp, 13, 7)


@CONVOLUTIONAL
@pytest.mark.parametrize("player", ["Generator", "Discriminator"])
def test_sizes_out_of_reach_are_refused_with_those_within(architecture, player):
    settings = SETTINGS[architecture][player == "Discriminator"]
    latent = {"latent_dim": 5} if player == "Generator" else {}
    with pytest.raises(
        UserError, match=r"(?s)30×30 pictures cannot .* 24, 28, 32, 40, .*dataset\.height=(28|32)"
    ) as error:
        getattr(architecture, player)(height=30, width=30, channels=3, **latent, **settings)
    assert "architecture=mlp" in str(error.value)


@ALL
def test_generator_tells_its_latent_dimension(architecture):
    assert players(architecture)[0].latent_dim == 5


# ---------------------------------------------------------------------------------------------- labels


@ALL
def test_conditional_generator_changes_with_each_of_its_labels(architecture):
    generator = players(architecture, label_sizes=[3, 4])[0].eval()
    latents = torch.randn(1, 5).expand(4, 5)
    images = generator(latents, one_hot(torch.tensor([[0, 0], [1, 0], [0, 1], [0, 0]]), [3, 4]))
    assert torch.equal(images[0], images[3])
    assert not torch.allclose(images[0], images[1])
    assert not torch.allclose(images[0], images[2])


@ALL
def test_unknown_labels_add_nothing_to_the_generators_input(architecture):
    generator = players(architecture, label_sizes=[3, 4])[0].eval()
    latents, unknown = torch.randn(2, 5), torch.zeros(2, 7)
    before = generator(latents, unknown)
    assert torch.equal(generator.condition(latents, unknown), torch.cat([latents, torch.zeros(2, 3)], 1))
    with torch.no_grad():
        for table in generator.condition.embedding.tables:
            table.weight.add_(10)
    assert torch.equal(generator(latents, unknown), before)
    assert not torch.allclose(generator(latents, one_hot(torch.zeros(2, 2, dtype=torch.long), [3, 4])), before)


@ALL
def test_discriminator_adds_the_projection_of_its_labels(architecture):
    discriminator = players(architecture, label_sizes=[3, 4])[1].eval()
    seen = []
    discriminator.head.linear.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    images, unknown = torch.randn(2, 3, 8, 8), torch.zeros(2, 7)
    told = discriminator(images, one_hot(torch.tensor([[2, 0], [1, 3]]), [3, 4])).logits
    untold = discriminator(images, unknown).logits
    features = seen[0]
    style, subject = (table.weight for table in discriminator.head.embedding.tables)
    vectors = torch.stack([style[2] + subject[0], style[1] + subject[3]]) / math.sqrt(2)
    assert_close(told - untold, (features * vectors).sum(1) / math.sqrt(features.shape[1]), atol=1e-5, rtol=1e-4)
    assert (told - untold).abs().min() > 1e-4


@ALL
def test_without_label_sizes_labels_are_not_looked_at(architecture):
    generator, discriminator = (player.eval() for player in players(architecture))
    latents = torch.randn(2, 5)
    images = generator(latents, torch.tensor([[1], [2]]))
    assert torch.equal(images, generator(latents, nothing(2)))
    assert torch.equal(
        discriminator(images, torch.tensor([[1.0], [2.0]])).logits, discriminator(images, nothing(2)).logits
    )


# ------------------------------------------------------------------------------ gradients and independence


@ALL
def test_every_weight_of_both_players_has_a_gradient(architecture):
    generator, discriminator = players(architecture, 16, 16, label_sizes=[3])
    labels = one_hot(torch.tensor([[0], [1], [2]]), [3])
    discriminator(generator(torch.randn(3, 5), labels), labels).logits.square().sum().backward()
    for player in (generator, discriminator):
        without = [name for name, parameter in player.named_parameters() if parameter.grad is None]
        assert without == []


@ALL
def test_discriminators_without_batch_norm_judge_each_picture_by_itself(architecture):
    discriminator = players(architecture, 16, 16)[1].train()
    images = torch.randn(4, 3, 16, 16)
    alone = torch.cat([discriminator(image[None], nothing(1)).logits for image in images])
    assert_close(discriminator(images, nothing(4)).logits, alone, atol=1e-5, rtol=1e-4)


@ALL
@pytest.mark.parametrize("label_sizes", [(), (3, 4)])
def test_gradients_of_the_discriminator_do_not_suffer_from_an_offset_of_all_logits_under_autocast(
    architecture, label_sizes
):
    """Relativistic losses let the logits drift together; in bfloat16 those around 300 are steps of 2 apart."""
    discriminator = players(architecture, 16, 16, label_sizes=label_sizes)[1]
    real, fake = torch.randn(2, 128, 3, 16, 16).unbind()
    labels = one_hot(torch.zeros(128, len(label_sizes), dtype=torch.long), label_sizes)

    def gradient(offset: float, autocast: bool) -> torch.Tensor:
        torch.nn.init.constant_(discriminator.head.linear.bias, offset)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = [discriminator(images, labels).logits for images in (real, fake)]
        loss = Relativistic().discriminator(*(column.float() for column in logits)).mean()
        weights = [w for w in discriminator.parameters() if w is not discriminator.head.linear.bias]
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, weights)])

    exact = gradient(0, autocast=False)
    errors = [float((gradient(offset, autocast=True) - exact).norm() / exact.norm()) for offset in (0, 300)]
    assert errors[1] < 1.1 * errors[0]


def test_a_head_computes_in_the_precision_of_its_weights():
    head = Projection(nn.Linear(9, 1), 9, [3])
    features, labels = torch.randn(4, 9, dtype=torch.bfloat16), one_hot(torch.tensor([[0], [1], [2], [-1]]), [3])
    with torch.autocast("cpu", torch.bfloat16):
        assert head(features, labels).logits.dtype == torch.float32
    assert torch.equal(head(features, labels).logits, head(features.float(), labels).logits)
    assert head.bfloat16()(features, labels).logits.isfinite().all()  # trainer.precision=bf16-true


# ---------------------------------------------------------------------------------------------- DCGAN as in its table


def dcgan_players(side: int, **changes):
    settings = {
        "height": side,
        "width": side,
        "channels": 1,
        "start_channels": 256,
        "min_channels": 32,
        "batch_norm": True,
    }
    settings |= changes
    return dcgan.Generator(latent_dim=100, embedding_dim=32, **settings), dcgan.Discriminator(**settings)


def convolutions(player: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(m.weight.shape) for m in player.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


def test_dcgan_starts_28_pixels_at_7_by_7_with_256_channels():
    generator, discriminator = dcgan_players(28)
    assert generator.start_shape == (256, 7, 7)
    assert tuple(generator.start.weight.shape) == (256 * 7 * 7, 100)
    assert convolutions(generator) == [(256, 128, 4, 4), (128, 1, 4, 4)]  # ConvTranspose2d: in × out
    assert convolutions(discriminator) == [(128, 1, 4, 4), (256, 128, 4, 4)]
    assert tuple(discriminator.head.linear.weight.shape) == (1, 256 * 7 * 7)


def test_dcgan_has_the_channels_of_its_table_at_32_pixels():
    generator, discriminator = dcgan_players(32)
    assert generator.start_shape == (256, 4, 4)
    assert convolutions(generator) == [(256, 128, 4, 4), (128, 64, 4, 4), (64, 1, 4, 4)]
    assert convolutions(discriminator) == [(64, 1, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4)]


def test_dcgan_with_1024_channels_at_64_pixels_is_the_papers_figure_1():
    generator, _ = dcgan_players(64, start_channels=1024, channels=3)
    assert generator.start_shape == (1024, 4, 4)
    assert convolutions(generator) == [(1024, 512, 4, 4), (512, 256, 4, 4), (256, 128, 4, 4), (128, 3, 4, 4)]


@pytest.mark.parametrize(("batch_norm", "expected"), [(True, 2), (False, 0)])
def test_dcgan_discriminator_has_batch_norm_in_all_layers_but_the_first_or_nowhere(batch_norm, expected):
    _, discriminator = dcgan_players(32, batch_norm=batch_norm)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in discriminator.modules()) == expected
    assert (discriminator.stages[0][0].bias is None) == batch_norm


def test_dcgan_weights_start_from_a_normal_distribution_of_002():
    torch.manual_seed(0)
    generator, discriminator = dcgan_players(32)
    for layer in (generator.start, generator.stages[0][0], discriminator.stages[1][0]):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.02)
        assert layer.weight.mean().item() == pytest.approx(0, abs=5e-4)
    assert generator.start_norm.weight.mean().item() == pytest.approx(1, abs=0.01)


# ---------------------------------------------------------------------------------------------- resize-convolution


def test_resize_conv_doubles_without_transposed_convolutions_up_to_the_picture():
    generator, discriminator = players(resize_conv, 32, 32)
    assert not any(isinstance(m, nn.ConvTranspose2d) for m in generator.modules())
    assert convolutions(generator) == [(2, 4, 3, 3), (2, 2, 3, 3), (2, 2, 3, 3), (3, 2, 3, 3)]
    assert not any(isinstance(m, nn.BatchNorm2d) for m in discriminator.modules())
