"""The search space: Hydra's syntax read, and keys that are there only after other choices."""

import optuna
import pytest
from hydra import compose, initialize_config_dir
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FixedTrial

from ganart.errors import UserError
from ganart.files.paths import conf_dir
from ganart.sweeping.space import Parameter, SearchSpace


@pytest.fixture
def composed():
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield lambda overrides: compose("train", list(overrides))


@pytest.mark.parametrize(
    ("written", "distribution"),
    [
        ("choice(hinge,minimax)", CategoricalDistribution(["hinge", "minimax"])),
        ("hinge,minimax", CategoricalDistribution(["hinge", "minimax"])),
        ("choice([r1],[r1,r2])", CategoricalDistribution(["[r1]", "[r1,r2]"])),
        ("choice(16,32)", CategoricalDistribution(["16", "32"])),
        ("range(1,9)", IntDistribution(1, 8)),
        ("range(2,9,step=2)", IntDistribution(2, 8, step=2)),
        ("range(0.0,0.5,step=0.25)", FloatDistribution(0.0, 0.25, step=0.25)),
        ("interval(0.5,2.0)", FloatDistribution(0.5, 2.0)),
        ("int(interval(1,64))", IntDistribution(1, 64)),
        ("tag(log,interval(1e-4,1e-2))", FloatDistribution(1e-4, 1e-2, log=True)),
        ("tag(log,int(interval(1,64)))", IntDistribution(1, 64, log=True)),
    ],
)
def test_hydras_syntax_becomes_a_distribution(written, distribution):
    assert Parameter.read("key", written).distribution == distribution


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("0.1", "one value"),
        ("choice(a)", "two different values"),
        ("choice(a,a)", "two different values"),
        ("range(3,3)", "no two values"),
        ("range(3,4)", "no two values"),
        ("interval(2,1)", "smaller number up to a greater one"),
        ("tag(log,interval(0,1))", "from above 0"),
        ("interval(1,", "cannot be read"),
    ],
)
def test_an_empty_or_unreadable_range_is_told_with_the_key(written, says):
    with pytest.raises(UserError, match=r"penalty\.r1\.gamma") as told:
        Parameter.read("penalty.r1.gamma", written)
    assert says in str(told.value)
    assert "tag(log,interval(" in str(told.value)


def test_a_space_without_keys_is_told():
    with pytest.raises(UserError, match="nothing to search"):
        SearchSpace.read({})


PENALTIES = {
    "penalty": "choice([],[r1],[wgan_gp])",
    "penalty.r1.gamma": "tag(log,interval(0.01,10))",
    "penalty.wgan_gp.weight": "interval(1.0,20.0)",
}


@pytest.mark.parametrize(
    ("penalty", "keys"),
    [
        ("[]", ["penalty"]),
        ("[r1]", ["penalty", "penalty.r1.gamma"]),
        ("[wgan_gp]", ["penalty", "penalty.wgan_gp.weight"]),
    ],
)
def test_the_strength_of_a_penalty_is_drawn_only_where_it_is_on(composed, penalty, keys):
    trial = FixedTrial({"penalty": penalty, "penalty.r1.gamma": 0.5, "penalty.wgan_gp.weight": 10.0})
    overrides = SearchSpace.read(PENALTIES).suggest(trial, composed)
    assert [override.partition("=")[0] for override in overrides] == keys
    assert list(trial.params) == keys
    composed(overrides)


def test_a_space_with_keys_that_depend_on_others_is_in_order(composed):
    SearchSpace.read(PENALTIES).check(composed)


@pytest.mark.parametrize(
    ("space", "says"),
    [
        ({"optimizer.generator.rate": "interval(0.0,1.0)"}, "optimizer.generator.rate: no trial has this key"),
        (dict(reversed(PENALTIES.items())), "penalty.wgan_gp.weight: no trial has this key"),
        ({"loss": "choice(hinge,hing)"}, "loss: hing is no choice"),
    ],
)
def test_keys_and_choices_that_do_not_exist_are_told(composed, space, says):
    with pytest.raises(UserError, match=r"sweep\.space") as told:
        SearchSpace.read(space).check(composed)
    assert says in str(told.value)


def test_a_grid_is_every_value_and_refuses_what_has_no_end(composed):
    space = SearchSpace.read({"loss": "choice(hinge,minimax)", "batch_size": "range(8,25,step=8)"})
    assert space.grid(composed) == {"loss": ["hinge", "minimax"], "batch_size": [8, 16, 24]}
    with pytest.raises(UserError, match=r"optimizer\.generator\.lr has no last one"):
        SearchSpace.read({"optimizer.generator.lr": "interval(0.0,1.0)"}).grid(composed)
    with pytest.raises(UserError, match=r"penalty\.wgan_gp\.weight depends on another choice"):
        SearchSpace.read({"penalty": "choice([r1],[wgan_gp])", "penalty.wgan_gp.weight": "choice(1,10)"}).grid(composed)


@pytest.mark.slow
def test_what_a_study_draws_lies_in_the_space(composed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    space = SearchSpace.read({"batch_size": "choice(16,32)", "optimizer.generator.lr": "tag(log,interval(1e-4,1e-2))"})
    for _ in range(20):
        cfg = composed(space.suggest(study.ask(), composed))
        assert cfg.batch_size in (16, 32)
        assert 1e-4 <= cfg.optimizer.generator.lr <= 1e-2
