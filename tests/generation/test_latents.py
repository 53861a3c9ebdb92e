"""From seeds to codes and samples, with truncation where a generator has a centre and where it has none."""

import torch
from torch import nn

from ganart.generation.latents import code_of, samples_of
from ganart.networks.base import Generator
from ganart.seeds import latents_of

SEEDS, NOBODY = [3, 4, 5], torch.empty(3, 0)


class Doubling(Generator):
    """Codes are latents doubled; samples are codes plus a hundred."""

    def __init__(self, centre=None):
        super().__init__()
        self.latent_dim, self._centre = 4, centre

    def mapping(self, latents, labels):
        return 2 * latents

    def synthesis(self, code):
        return code + 100

    def centre(self, labels):
        return self._centre


class Plain(nn.Module):
    """A user's own, which has no codes."""

    latent_dim = 4

    def forward(self, latents, labels):
        return latents - 100


def test_without_truncation_a_code_is_that_of_the_latents():
    for centre in (None, torch.ones(4)):
        assert torch.equal(code_of(Doubling(centre), SEEDS, NOBODY), 2 * latents_of(SEEDS, 4))


def test_with_a_centre_codes_move_towards_it():
    centre = torch.tensor([1.0, -2.0, 0.0, 5.0])
    code = 2 * latents_of(SEEDS, 4)
    found = code_of(Doubling(centre), SEEDS, NOBODY, truncation=0.25)
    torch.testing.assert_close(found, 0.75 * centre + 0.25 * code)


def test_without_a_centre_far_coordinates_are_drawn_again():
    found = code_of(Doubling(), SEEDS, NOBODY, truncation=0.5)
    assert torch.equal(found, 2 * latents_of(SEEDS, 4, truncation=0.5))
    assert found.abs().max() <= 1
    assert (2 * latents_of(SEEDS, 4)).abs().max() > 1


def test_samples_are_of_the_code_or_of_the_latents_of_a_network_without():
    assert torch.equal(samples_of(Doubling(), SEEDS, NOBODY), 2 * latents_of(SEEDS, 4) + 100)
    found = samples_of(Plain(), SEEDS, NOBODY, truncation=0.5)
    assert torch.equal(found, latents_of(SEEDS, 4, truncation=0.5) - 100)
