"""Each disease on histories made by hand: those that show it, those that are healthy, and those of another disease."""

import pytest

from ganart.doctor import Disease, Examiner, Snapshot, derived, every_disease

KEYS = {
    "optimizer.discriminator.lr": 0.001,
    "optimizer.generator.lr": 0.002,
    "penalty.r1.gamma": 0.1,
    "penalty.r2.gamma": 0.1,
}
LN2 = 0.6931


def window(
    loss: float,
    *,
    ignorance: float | None = LN2,
    gap=0.5,
    r1=0.02,
    generator_norm=1.0,
    d_real=0.6,
    d_fake=0.4,
    **others: float,
):
    """One row of metrics.csv with what is derived from it."""
    values = {
        "players/discriminator_adversarial": loss,
        "players/logits_real": gap,
        "players/logits_fake": 0.0,
        "players/d_real": d_real,
        "players/d_fake": d_fake,
        "penalties/r1": r1,
        "penalties/r2": r1,
        "players/gradient_norm_generator": generator_norm,
        **others,
    }
    return values | derived(values, KEYS, ignorance)


def look(score: float, *, vendi=0.95, twins=1.0, copies=0.02, nearest=1.2, obeyed=0.9, readable=0.95, floor=2.0):
    """One look at generated pictures."""
    return {
        "vendi": vendi,
        "twins": twins,
        "copies": copies,
        "nearest": nearest,
        "classes/style": 8 * vendi,  # few pictures are of few styles
        "classes/style_of_data": 8.0,
        "obeyed/style": obeyed,
        "readable/style": readable,
        "score": score,
        "times_floor": score / floor,
    }


def diagnoses(*snapshots):
    """All that is told of `snapshots`, one each 5,000 images."""
    examiner = Examiner(every_disease())
    examiner.history.keys = KEYS
    return [d for n, values in enumerate(snapshots, 1) for d in examiner.look(Snapshot(5000 * n, values))]


def names(*snapshots) -> list[str]:
    return [diagnosis.disease for diagnosis in diagnoses(*snapshots)]


def test_a_healthy_training_is_left_alone():
    """As the digits learned: told apart well at first and less and less, the score falling to the floor."""
    losses = [0.35, 0.50, 0.45, 0.47, 0.49, 0.53, 0.59, 0.60, 0.61, 0.61, 0.62, 0.62]
    scores = [20.0, 10.0, 6.9, 5.0, 3.9, 3.1, 2.7, 2.4, 2.2, 2.1, 2.1, 2.1]
    snapshots = [snapshot for pair in zip(losses, scores, strict=True) for snapshot in (window(pair[0]), look(pair[1]))]
    assert names(*snapshots) == []


def test_a_slow_beginning_is_no_collapse():
    """As dense layers learned digits: hardly any variety for 50,000 images, and more with each look."""
    scores = [1952.0, 1733.0, 1266.0, 814.0, 505.0, 308.0]
    vendis = [0.17, 0.21, 0.23, 0.30, 0.38, 0.44]
    assert names(*[look(s, vendi=v, obeyed=0.0) for s, v in zip(scores, vendis, strict=True)]) == []


def test_the_discriminator_wins_where_its_loss_is_next_to_nothing():
    snapshots = [window(0.3), *[window(0.02, d_real=0.99, d_fake=0.01, generator_norm=n) for n in (0.9, 0.3, 0.1)]]
    (note,) = diagnoses(*snapshots)
    assert note.disease == "discriminator wins"
    assert note.images_seen == 20_000
    assert "97.1%" in note.says
    assert "D(real) 0.99, D(fake) 0.01" in note.says
    assert "fallen from 1 to 0.1" in note.says
    assert note.try_[0] == "optimizer.generator.lr=0.008"
    assert "penalty.r1.gamma=1 penalty.r2.gamma=1" in note.try_


def test_a_strong_discriminator_has_not_won():
    assert names(*[window(0.1) for _ in range(20)]) == []  # 86 % of the way


def test_probabilities_say_nothing_with_a_relativistic_loss():
    """The level of its logits drifts: here both kinds of pictures get 5, and D(real) and D(fake) are near 1."""
    assert names(*[window(0.6, d_real=0.99, d_fake=0.98) for _ in range(10)]) == []


def test_wasserstein_has_no_certainty_to_reach():
    assert names(*[window(-30.0 - n, ignorance=None, gap=30.0 + n) for n in range(20)]) == []


def test_an_outplayed_discriminator_gives_up():
    (note,) = diagnoses(*[window(loss, gap=-loss) for loss in (2.8, 4.7, 5.5, 6.2)])
    assert note.disease == "discriminator gives up"
    assert "7.9 times" in note.says
    assert note.try_[0] == "optimizer.discriminator.lr=0.004"


def test_a_discriminator_that_cannot_tell_bad_pictures_gives_up():
    bad = [snapshot for _ in range(4) for snapshot in (look(100.0), window(0.69))]
    assert names(*bad) == ["discriminator gives up"]


@pytest.mark.parametrize("scores", [(100, 80, 60, 45, 33), (4.0, 4.0, 4.0, 4.0, 4.0)])
def test_a_discriminator_that_cannot_tell_pictures_that_get_better_or_are_good_has_not(scores):
    snapshots = [snapshot for score in scores for snapshot in (look(score), window(0.69))]
    assert names(*snapshots) == []


def test_nobody_is_said_to_give_up_while_nothing_is_known_of_the_pictures():
    assert names(*[window(0.69) for _ in range(10)]) == []


def test_a_collapse_is_told_with_what_is_left():
    (note,) = diagnoses(*[look(100.0, vendi=0.3, twins=0.1) for _ in range(3)])
    assert note.disease == "generator collapses"
    assert "30% of the variety" in note.says
    assert "10% of the usual distance" in note.says
    assert "2.4 of 8.0 style classes" in note.says
    assert "optimizer.generator.lr=0.0005" in note.try_


def test_one_picture_a_label_is_a_collapse_too():
    assert names(*[look(100.0, vendi=0.9, twins=0.1) for _ in range(3)]) == ["generator collapses"]


def test_less_variety_than_the_data_is_no_collapse():
    assert names(*[look(100.0, vendi=0.5, twins=0.4) for _ in range(5)]) == []


def test_a_dropped_style_is_told():
    (note,) = diagnoses(*[look(50.0, obeyed=0.03) for _ in range(3)])
    assert note.disease == "style dropped"
    assert "3% of pictures" in note.says


@pytest.mark.parametrize(
    "healthy", [{"obeyed": 0.3}, {"obeyed": 0.03, "readable": 0.2}, {"obeyed": 0.03, "vendi": 0.45}]
)
def test_a_style_that_shows_or_that_nobody_can_read_or_that_few_are_left_of_is_not_dropped(healthy):
    assert names(*[look(50.0, **healthy) for _ in range(5)]) == []


def test_a_style_that_is_being_learned_is_not_dropped():
    assert names(*[look(50.0, obeyed=obeyed) for obeyed in (0.0, 0.04, 0.08, 0.12, 0.16, 0.2)]) == []


def test_copies_are_told_with_when_they_began():
    (note,) = diagnoses(*[look(5.0, copies=c, nearest=0.6) for c in (0.02, 0.05, 0.25, 0.4)])
    assert note.disease == "memorising"
    assert "40%" in note.says
    assert "total_images=10000" in note.try_


def test_a_few_copies_are_not():
    assert names(*[look(5.0, copies=0.12, nearest=0.9) for _ in range(6)]) == []


def test_a_steep_discriminator_has_too_small_a_penalty():
    """γ/2 · ‖∇D‖² = 0.1/2 · 30² = 45."""
    (note,) = diagnoses(*[window(0.2, r1=45.0) for _ in range(3)])
    assert note.disease == "penalty too small"
    assert "21.2 per unit" in note.says
    assert note.try_[0] == "penalty.r1.gamma=1 penalty.r2.gamma=1"


def test_a_penalty_that_costs_nothing_is_to_cost_as_much_as_is_won():
    """1e-9 · (‖∇D‖ − 1)² = 2e-7 against 8 logits: 4e7 times as strong."""
    keys = {"penalty.wgan_gp.weight": 1e-9}
    values = {
        "players/discriminator_adversarial": -8.0,
        "players/logits_real": 8.0,
        "players/logits_fake": 0.0,
        "penalties/wgan_gp": 2e-7,
    }
    examiner = Examiner(every_disease())
    examiner.history.keys = keys
    snapshots = [Snapshot(n, values | derived(values, keys, None)) for n in range(3)]
    (note,) = [d for snapshot in snapshots for d in examiner.look(snapshot)]
    assert note.disease == "penalty too small"
    assert note.try_ == ("penalty.wgan_gp.weight=0.04",)


def test_logits_further_apart_than_any_pictures_have_too_small_a_penalty():
    assert names(*[window(-5000.0, ignorance=None, gap=5000.0) for _ in range(3)]) == ["penalty too small"]


def test_a_slope_of_three_is_nothing():
    """γ/2 · ‖∇D‖² = 0.1/2 · 3²."""
    assert names(*[window(0.2, r1=0.45) for _ in range(6)]) == []


def test_a_penalty_beyond_all_that_can_be_won_is_too_large():
    keys = KEYS | {"penalty.r1.gamma": 1000.0, "penalty.r2.gamma": 1000.0}
    values = {
        "players/discriminator_adversarial": 1.1,
        "players/logits_real": 0.0,
        "players/logits_fake": 0.7,
        "penalties/r1": 40.0,
    }
    examiner = Examiner(every_disease())
    examiner.history.keys = keys
    snapshots = [Snapshot(n, values | derived(values, keys, LN2)) for n in range(5)]
    (note,) = [d for snapshot in snapshots for d in examiner.look(snapshot)]
    assert note.disease == "penalty too large"
    assert "40" in note.says
    assert "0.693" in note.says
    assert note.try_ == ("penalty.r1.gamma=10 penalty.r2.gamma=10",)


def test_a_penalty_that_costs_half_of_what_is_won_is_not():
    assert names(*[window(0.5, r1=0.05) for _ in range(6)]) == []


def test_a_loss_that_jumps_has_too_high_a_rate():
    (note,) = diagnoses(*[window(loss) for loss in (0.7, 0.6, 6.0, 0.5)])
    assert note.disease == "learning rate too high"
    assert note.images_seen == 20_000
    assert "1.01, 0.866, 8.66, 0.721 times" in note.says
    assert note.try_[0] == "optimizer.discriminator.lr=0.0001 optimizer.generator.lr=0.0002"


def test_steep_and_wrong_is_too_high_a_rate_and_no_want_of_a_penalty():
    assert names(*[window(loss, r1=1e5) for loss in (8.0, 9.0, 10.0, 9.0, 8.0)]) == ["learning rate too high"]


def test_one_bad_window_and_jumps_among_small_losses_are_nothing():
    assert names(*[window(loss) for loss in (20.0, 0.6, 0.5, 0.5, 0.6, 0.5)]) == []
    assert names(*[window(loss) for loss in (0.3, 0.05, 0.3, 0.05, 0.3, 0.05)]) == []


def test_jumping_is_over_when_six_windows_had_less_than_two_jumps():
    notes = diagnoses(*[window(loss) for loss in (0.7, 6.0, *[0.5] * 8)])
    assert [(note.disease, note.images_seen, note.is_over) for note in notes] == [
        ("learning rate too high", 15_000, False),
        ("learning rate too high", 35_000, True),
    ]


def test_frequent_augmentation_leaks():
    (note,) = diagnoses(*[window(0.5, **{"augment/strength": 0.9}) for _ in range(3)])
    assert note.disease == "augmentation leaking"
    assert "90%" in note.says
    assert names(*[window(0.5, **{"augment/strength": 0.8}) for _ in range(9)]) == []


@pytest.mark.parametrize("disease", every_disease(), ids=lambda disease: disease.key)
def test_a_chart_of_nothing_is_no_news(disease: Disease):
    examiner = Examiner([disease])
    assert [d for n in range(5) for d in examiner.look(Snapshot(n, {}))] == []
