from dataclasses import dataclass

import pytest

from ganart.doctor import Disease, Examiner, Snapshot, every_disease


@dataclass(frozen=True)
class Fever(Disease):
    name = "high fever"
    needs = ("temperature",)

    def signs(self, history):
        return f"It is {history.now['temperature']}." if history.now["temperature"] > 38 else None

    def remedies(self, history):
        return ["tea=hot"]


@dataclass(frozen=True)
class Headache(Disease):
    name = "headache"
    needs = ("headache",)
    windows = 1
    follows_others = True

    def signs(self, history):
        return "It aches." if history.now["headache"] else None

    def remedies(self, history):
        return ["rest=true"]


def told(examiner: Examiner, *values: dict[str, float]) -> list[list[tuple[str, bool]]]:
    return [[(d.disease, d.is_over) for d in examiner.look(Snapshot(n, value))] for n, value in enumerate(values)]


def temperatures(*degrees: float) -> list[dict[str, float]]:
    return [{"temperature": value} for value in degrees]


def test_a_disease_is_told_once_after_three_charts_in_a_row():
    assert told(Examiner([Fever()]), *temperatures(37, 39, 39, 39, 40, 40)) == [
        [],
        [],
        [],
        [("high fever", False)],
        [],
        [],
    ]


def test_a_bad_moment_is_none():
    assert not any(told(Examiner([Fever()]), *temperatures(39, 39, 37, 39, 39, 37, 39, 37)))


def test_it_is_told_once_when_it_is_over_and_again_when_it_comes_back():
    snapshots = temperatures(39, 39, 39, 37, 37, 39, 37, 37, 37, 37, 39, 39, 39)
    assert [row for row in told(Examiner([Fever()]), *snapshots) if row] == [
        [("high fever", False)],
        [("high fever", True)],
        [("high fever", False)],
    ]


def test_charts_that_lack_what_a_disease_needs_neither_speak_for_it_nor_against():
    snapshots = [{"temperature": 39.0}, {}, {"temperature": 39.0}, {"other": 1.0}, {"temperature": 39.0}]
    assert told(Examiner([Fever()]), *snapshots)[-1] == [("high fever", False)]


def test_a_diagnosis_says_when_with_which_numbers_and_what_to_type():
    examiner = Examiner([Fever()])
    (note,) = [d for n in (5, 10, 15) for d in examiner.look(Snapshot(n, {"temperature": 39.5}))]
    assert note.as_dict() == {
        "disease": "high fever",
        "images_seen": 15,
        "says": "It is 39.5.",
        "try": ["tea=hot"],
    }


def test_a_consequence_is_told_with_its_cause_in_the_place_of_remedies():
    alone, beside = Examiner([Fever(), Headache()]), Examiner([Fever(), Headache()])
    (note,) = alone.look(Snapshot(1, {"headache": 1.0}))
    assert (note.says, note.try_) == ("It aches.", ("rest=true",))
    for n in range(3):
        beside.look(Snapshot(n, {"temperature": 39.0}))
    (note,) = beside.look(Snapshot(4, {"headache": 1.0}))
    assert (note.says, note.try_) == ("It aches. First cure: high fever.", ())


@pytest.mark.parametrize("stopped_after", range(1, 12))
def test_an_examiner_goes_on_from_its_state(stopped_after):
    snapshots = temperatures(39, 39, 39, 39, 37, 37, 37, 39, 37, 39, 39, 39)
    straight = told(Examiner([Fever()]), *snapshots)
    first, second = Examiner([Fever()]), Examiner([Fever()])
    told(first, *snapshots[:stopped_after])
    second.load_state_dict(first.state_dict())
    assert told(second, *snapshots[stopped_after:]) == straight[stopped_after:]


def test_a_state_of_fewer_diseases_can_be_gone_on_from():
    examiner = Examiner([Headache(), Fever()])
    examiner.load_state_dict(Examiner([Headache()]).state_dict())
    assert not any(told(examiner, *temperatures(39, 37)))


def test_causes_are_judged_before_what_follows_from_them():
    backwards = [case.disease for case in Examiner(reversed(every_disease())).cases]
    ranks = [0 if disease.is_setting else 2 if disease.follows_others else 1 for disease in backwards]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}
    assert {disease.key for disease in backwards} == {disease.key for disease in every_disease()}
