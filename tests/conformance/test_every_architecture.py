"""Every architecture: shapes, gradients, checkpoints, devices, precisions and layouts of both players."""

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
from torch import Tensor, nn
from torch.testing import assert_close

from ganart.errors import UserError
from ganart.networks import base
from ganart.play import output_of

GROUP = "architecture"
SIDES = (16, 32, 64, 128, 256)
COUNT = 6


class Game:
    """Both players at the first of `SIDES` that they take, and one batch for each."""

    def __init__(self, registry, option, label_sizes) -> None:
        self.registry, self.label_sizes = registry, label_sizes
        refused = []
        for side in SIDES:
            self.side, self.choice = side, f"architecture={option}"
            self.size = (f"dataset.height={side}", f"dataset.width={side}")
            try:
                self.players = self.build()
                break
            except UserError as error:
                refused.append(str(error))
        else:
            pytest.fail("no side is taken:\n" + "\n".join(refused))
        self.generator, self.discriminator = self.players
        torch.manual_seed(0)
        self.latents = torch.randn(COUNT, self.generator.latent_dim)
        self.labels = some_labels(COUNT, label_sizes)
        self.images = torch.rand(COUNT, 3, side, side) * 2 - 1

    def build(self) -> list[nn.Module]:
        return self.registry.build_players(self.registry.compose(self.choice, *self.size), self.label_sizes)

    def inputs(self, player: nn.Module) -> tuple[Tensor, Tensor]:
        return (self.latents if player is self.generator else self.images, self.labels)


@pytest.fixture(params=[(), LABEL_SIZES], ids=["without labels", "with labels"])
def game(registry, option, request) -> Game:
    return Game(registry, option, request.param)


def tensors_of(said) -> list[Tensor]:
    """All that a player returns: images, or logits with whatever stands beside them."""
    if isinstance(said, Tensor):
        return [said]
    return [tensor for tensors in said for tensor in tensors]


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"architecture={option}", group="architecture"))


def test_the_generator_makes_images_of_the_size_asked_for_within_their_range(game):
    for mode in (True, False):
        images = game.generator.train(mode)(game.latents, game.labels)
        assert images.shape == (COUNT, 3, game.side, game.side)
        assert images.abs().max() <= 1
        assert images.isfinite().all()
        assert images[0].ne(images[3]).any(), "other latents have to make another image"


def test_the_discriminator_gives_each_image_a_logit(game):
    for mode in (True, False):
        output = output_of(game.discriminator.train(mode)(game.images, game.labels))
        assert output.logits.shape == (COUNT,)
        assert all(len(tensor) == COUNT and tensor.isfinite().all() for tensor in tensors_of(output))
        assert output.logits[0].ne(output.logits[3]), "another image has to get another logit"


def test_every_trainable_weight_of_both_players_has_a_gradient(game):
    output = output_of(game.discriminator(game.generator(game.latents, game.labels), game.labels))
    class_logits = [logits.square().mean() for logits in output.class_logits]
    torch.stack([*(head.square().mean() for head in output.heads), *class_logits]).sum().backward()
    for player in game.players:
        learning = [(name, weight) for name, weight in player.named_parameters() if weight.requires_grad]
        assert learning
        assert [name for name, weight in learning if weight.grad is None or not weight.grad.isfinite().all()] == []


def test_a_checkpoint_makes_another_model_the_same(game):
    for player, other in zip(game.players, game.build(), strict=True):
        player.train()(*game.inputs(player))  # buffers, too, are no longer those of the start
        with torch.no_grad():
            for weight in player.parameters():
                if weight.requires_grad:
                    weight.add_(torch.randn_like(weight), alpha=0.1)
        expected = tensors_of(player.eval()(*game.inputs(player)))
        before = tensors_of(other.eval()(*game.inputs(player)))
        assert any(not torch.equal(*pair) for pair in zip(before, expected, strict=True))
        other.load_state_dict(through_a_file(player.state_dict()))
        assert_close(tensors_of(other(*game.inputs(player))), expected, rtol=0, atol=0)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_nothing_is_made_on_another_device_than_the_players(game, mode):
    for player in game.players:
        said = on_meta(player.train(mode == "train"), *game.inputs(player))
        assert {tensor.device.type for tensor in tensors_of(said)} == {"meta"}


def test_in_bfloat16_logits_stay_float32_and_results_near(game):
    for player in game.players:
        exact = player.eval()(*game.inputs(player))
        with torch.autocast("cpu", torch.bfloat16):
            rounded = player(*game.inputs(player))
        if player is game.generator:
            assert rounded.isfinite().all()
            assert_close(rounded.float(), exact, rtol=0, atol=0.1)
            continue
        said = [rounded] if isinstance(rounded, Tensor) else [*rounded.heads, *rounded.class_logits]
        assert {logits.dtype for logits in said} == {torch.float32}, "the last layer has to leave autocast"
        far = (output_of(rounded).logits - output_of(exact).logits).abs().max()
        assert far <= 0.05 * (1 + output_of(exact).logits.abs().max())


def test_channels_last_changes_nothing_but_the_last_bits(game):
    expected = [tensors_of(player.eval()(*game.inputs(player))) for player in game.players]
    for player, wanted in zip(game.players, expected, strict=True):
        player.to(memory_format=torch.channels_last)
        first, labels = game.inputs(player)
        first = first.contiguous(memory_format=torch.channels_last) if first.ndim == 4 else first
        assert_close(tensors_of(player(first, labels)), wanted, rtol=1e-3, atol=1e-4)


def test_a_generator_is_its_synthesis_after_its_mapping(game):
    if not isinstance(game.generator, base.Generator):
        pytest.skip("this generator has no code of its own")
    generator = game.generator.eval()
    code = generator.mapping(game.latents, game.labels)
    assert len(code) == COUNT
    assert torch.equal(generator.synthesis(code), generator(game.latents, game.labels))
    centre = generator.centre(game.labels)
    assert centre is None or generator.synthesis(centre.expand_as(code)).shape == (COUNT, 3, game.side, game.side)


def test_an_image_does_not_depend_on_the_others_of_its_batch_once_trained(game):
    together = game.generator.eval()(game.latents, game.labels)
    alone = torch.cat([game.generator(game.latents[[n]], game.labels[[n]]) for n in range(COUNT)])
    assert_close(alone, together, rtol=1e-3, atol=1e-4)


def test_the_generator_heeds_each_label_and_takes_unknown_ones(registry, option):
    game = Game(registry, option, LABEL_SIZES)
    generator, latents = game.generator.eval(), game.latents[:1].expand(4, -1)
    labels = torch.tensor([[1.0, 0, 0, 1, 0], [0, 1, 0, 1, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0]])
    images = generator(latents, labels)
    assert images.isfinite().all()
    for other in (1, 2, 3):
        assert not torch.allclose(images[0], images[other], atol=1e-6), (
            f"labels {labels[other].tolist()} change nothing"
        )


def test_a_game_is_played_with_it_and_resumed(registry, option):
    game = Game(registry, option, LABEL_SIZES)
    more = [game.choice, *game.size, "trainer=cpu"]
    played, fresh = (registry.build_gan("penalty=[]", label_sizes=LABEL_SIZES, small=more) for _ in range(2))
    assert_learns(played, rounds=2, side=game.side)
    assert_resumes(played, fresh)
