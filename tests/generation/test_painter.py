"""One picture from its recipe: whose weights, which seed, which class."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from ganart.datasets.base import Factor
from ganart.generation.painter import Painter, Recipe
from ganart.seeds import latents_of

STYLE, SUBJECT = Factor("style", ("calm", "loud")), Factor("subject", ("sea", "town", "wood"))


class Network(nn.Module):
    """An image of one row: the latents, then the weights of the classes; the average has the other sign."""

    latent_dim = 2

    def __init__(self, average: bool) -> None:
        super().__init__()
        self.sign = -1.0 if average else 1.0

    def forward(self, latents, labels):
        return self.sign * torch.cat([latents.clamp(-1, 1), labels], dim=1)[:, None, None, :]


def painter(average=True, factors=(STYLE, SUBJECT)):
    asked = []

    def generator(checkpoint, *, average, allow):
        asked.append((checkpoint, allow))
        return Network(average)

    run = SimpleNamespace(generator=generator, condition_factors=list(factors))
    made = Painter(run, "last.ckpt", average, torch.device("cpu"), allow=("mine",))
    assert made.latent_dim == 2
    assert asked == [("last.ckpt", ("mine",))]
    return made


def stored(values) -> list[int]:
    return ((torch.tensor(values) + 1) * 127.5).round().clamp(0, 255).int().tolist()


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        ({"style": "loud", "subject": "wood"}, [0, 1, 0, 0, 1]),
        ({"style": "calm", "subject": "town"}, [1, 0, 0, 1, 0]),
        ({"subject": "sea"}, [0, 0, 1, 0, 0]),  # a class that is not said is none
    ],
)
def test_a_picture_is_of_its_seed_and_classes_by_the_weights_that_were_asked_for(average, labels, weights):
    found = painter(average).paint(Recipe(7, labels))
    sign = -1 if average else 1
    latents = latents_of([7], 2)[0].clamp(-1, 1).tolist()
    assert found.dtype == np.uint8
    assert found.shape == (1, 7, 1)
    expected = stored([sign * value for value in [*latents, *map(float, weights)]])
    assert np.abs(found[0, :, 0].astype(int) - expected).max() <= 1


def test_truncation_is_of_the_recipe():
    cut = painter(average=False, factors=()).paint(Recipe(7, {}, truncation=0.1))[0, :, 0].astype(int)
    assert np.abs(cut - 127.5).max() <= 0.1 * 127.5 + 1
    assert np.abs(painter(average=False, factors=()).paint(Recipe(7, {}))[0, :, 0].astype(int) - cut).max() > 1
