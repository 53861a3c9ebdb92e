from math import log

import pytest

from ganart.doctor import History, Snapshot, derived


def test_told_apart_is_0_at_guessing_and_1_at_certainty_and_negative_where_knowing_nothing_were_better():
    ignorance = 2 * log(2)
    for loss, expected in ((ignorance, 0.0), (0.0, 1.0), (3 * ignorance, -2.0)):
        assert derived({"players/discriminator_adversarial": loss}, {}, ignorance)["told_apart"] == pytest.approx(
            expected
        )


def test_a_loss_without_a_best_value_has_no_told_apart():
    numbers = derived(
        {"players/discriminator_adversarial": -3.0, "players/logits_real": 2.0, "players/logits_fake": -1.0}, {}, None
    )
    assert "told_apart" not in numbers
    assert numbers["gap"] == pytest.approx(3.0)


def test_penalties_are_summed_and_the_slope_is_read_off_the_steepest():
    # γ/2 · ‖∇D‖² = 0.1/2 · 8² and λ · (‖∇D‖ − 1)² = 10 · 0.5²
    values = {"penalties/r1": 3.2, "penalties/wgan_gp": 2.5}
    numbers = derived(values, {"penalty.r1.gamma": 0.1, "penalty.wgan_gp.weight": 10.0}, None)
    assert numbers["penalties"] == pytest.approx(5.7)
    assert numbers["slope"] == pytest.approx(8 / 2**0.5)


def test_without_a_penalty_the_slope_is_unknown():
    assert derived({"penalties/weight_clipping": 0.0}, {"optimizer.generator.lr": 1e-3}, None)["slope"] == 0


def test_a_history_keeps_the_latest_charts_and_passes_over_what_some_lack():
    history = History()
    for number in range(100):
        history.add(Snapshot(number, {"a": float(number)} if number % 2 else {"b": 0.0}))
    assert history.series("a") == [float(number) for number in range(37, 100, 2)]
    assert history.images_seen == 99
    assert dict(history.now) == {"a": 99.0}


def test_a_window_in_which_no_penalty_was_taken_says_nothing_of_penalties():
    assert derived({"players/logits_real": 1.0, "players/logits_fake": 0.0}, {"penalty.r1.gamma": 0.1}, None) == {
        "gap": 1.0
    }
