from ganart.doctor import History
from ganart.doctor.keys import faster, slower, stronger_penalty, turned


def rates(discriminator: float, generator: float) -> History:
    return History({"optimizer.discriminator.lr": discriminator, "optimizer.generator.lr": generator})


def test_keys_are_turned_together_and_those_that_are_not_there_are_left_out():
    history = History({"penalty.r1.gamma": 0.1, "penalty.r2.gamma": 0.2})
    names = ("penalty.r1.gamma", "penalty.r2.gamma", "penalty.wgan_gp.weight")
    assert turned(history, 10, *names) == ["penalty.r1.gamma=1 penalty.r2.gamma=2"]
    assert turned(history, 10, "optimizer.generator.lr") == []


def test_rates_that_are_far_apart_are_made_equal():
    assert faster(rates(1e-3, 2e-5), "generator", "discriminator") == ["optimizer.generator.lr=0.001"]
    assert slower(rates(2e-4, 2e-3), "generator", "discriminator") == ["optimizer.generator.lr=0.0002"]


def test_rates_that_are_near_each_other_are_turned_by_four():
    assert faster(rates(1e-3, 5e-4), "generator", "discriminator") == ["optimizer.generator.lr=0.002"]
    assert slower(rates(1e-3, 2e-3), "generator", "discriminator") == ["optimizer.generator.lr=0.0005"]


def test_a_player_that_is_ahead_already_is_not_set_back_by_the_other():
    assert faster(rates(1e-5, 1e-3), "generator", "discriminator") == ["optimizer.generator.lr=0.004"]
    assert slower(rates(1e-3, 1e-5), "generator", "discriminator") == ["optimizer.generator.lr=2.5e-06"]


def test_without_a_penalty_the_default_ones_are_advised():
    assert stronger_penalty(rates(1e-3, 1e-3)) == ["penalty=[r1,r2]"]
    assert stronger_penalty(History({"penalty.r1.gamma": 0.1})) == ["penalty.r1.gamma=1"]
