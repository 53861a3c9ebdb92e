"""Every disease that the doctor knows: silent where nothing was measured, and its remedies can be typed."""

import re

import pytest

from ganart.doctor import Examiner, History, Snapshot, every_disease

KEYS = {
    "optimizer.discriminator.lr": 0.001,
    "optimizer.generator.lr": 0.002,
    "penalty.r1.gamma": 0.1,
    "penalty.r2.gamma": 0.1,
}


def test_it_says_what_it_is(disease):
    assert re.fullmatch(r"[a-z]+( [a-z]+)*", disease.name)
    assert (type(disease).__doc__ or "").strip()
    assert disease.needs
    assert disease.windows >= 1
    assert not (disease.is_setting and disease.follows_others)


def test_it_has_a_name_of_its_own(disease):
    assert [other.key for other in every_disease()].count(disease.key) <= 1
    assert sum(type(other) is type(disease) or other.key == disease.key for other in every_disease()) <= 1


def test_where_nothing_was_measured_there_is_no_news(disease):
    examiner = Examiner([disease])
    assert [told for n in range(5) for told in examiner.look(Snapshot(n, {}))] == []


@pytest.mark.parametrize("value", [0.0, 1.0, 50.0])
def test_it_takes_any_values_of_what_it_needs_and_no_other(disease, value):
    """Windows of the numbers that it names, all at one value: whatever it says, it says it in words and with keys."""
    examiner = Examiner([disease])
    examiner.history.keys = KEYS
    told = [note for n in range(9) for note in examiner.look(Snapshot(n, dict.fromkeys(disease.needs, value)))]
    for note in told:
        assert note.says.strip()
        assert all(re.match(r"[\w.]+=", override) for remedy in note.try_ for override in remedy.split())


def test_it_knows_what_to_try_with_and_without_keys_to_turn(disease):
    for keys in (KEYS, {}):
        history = History(keys)
        history.add(Snapshot(1000, dict.fromkeys(disease.needs, 1.0)))
        assert all(isinstance(remedy, str) and "=" in remedy for remedy in disease.remedies(history))
