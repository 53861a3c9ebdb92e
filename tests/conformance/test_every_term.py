"""Every term: a game with it is played, logged and resumed, whatever it asks the discriminator for."""

import pytest
import torch
from registered import LABEL_SIZES, assert_cites_a_source, assert_learns, assert_resumes, some_pair

from ganart.play import Term

GROUP = "term"
WITH_ALL_THAT_A_TERM_MAY_ASK_FOR = "head@architecture.discriminator.head=auxiliary_classifier"
"""Labels, class logits, features and a generator with a code."""


@pytest.fixture
def game(registry, option):
    return lambda: registry.build_gan(f"term=[{option}]", WITH_ALL_THAT_A_TERM_MAY_ASK_FOR, label_sizes=LABEL_SIZES)


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"term=[{option}]", group=f"term.{option}"))


def test_its_file_holds_one_term_under_its_own_name(registry, option):
    ((name, term),) = registry.build(f"term=[{option}]").items()
    assert name == option
    assert isinstance(term, Term)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_game_with_it_is_played_logged_and_resumed(game, option, precision):
    played = game()
    logged = assert_learns(played, precision=precision)
    assert {f"terms/{option}", f"terms/{option}_generator"} & logged.keys(), "it gave no player anything"
    assert_resumes(played, game())


def test_a_player_feels_it(game, option):
    gan = game()
    gan.mean_of_processes = lambda value: value  # there is one, and nobody trains
    pair, term = some_pair(gan), gan.terms[f"terms/{option}"]
    pair.real_output = gan.judge(pair.real, pair.labels)
    pair.fake_output = gan.judge(pair.fake, pair.labels)
    felt = {}
    for player in ("discriminator", "generator"):
        value = getattr(term, player)(pair, gan)
        if value is not None:
            assert value.isfinite().all()
            weights = [*getattr(gan, player).parameters()]
            gradients = torch.autograd.grad(value.mean(), weights, retain_graph=True, allow_unused=True)
            felt[player] = any(gradient is not None and gradient.any() for gradient in gradients)
    assert felt, "it gave no player anything"
    assert all(felt.values()), f"a player that it is added to the loss of feels nothing: {felt}"


def test_all_of_them_may_stand_together(registry):
    names = registry.options(GROUP)
    assert sorted(registry.build(f"term=[{','.join(names)}]")) == names
