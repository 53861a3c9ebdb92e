import pytest

from ganart.datasets.base import Factor
from ganart.errors import UserError
from ganart.painter import Recipe
from ganart.plan import name_of, plan, seeds_in

STYLE = Factor("style", ("cubist", "drip", "grid"))
SUBJECT = Factor("subject", ("moon", "3"))


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("7", [7]),
        ("0-3", [0, 1, 2, 3]),
        ("5-5", [5]),
        ("1,5,9", [1, 5, 9]),
        ("0-2,100", [0, 1, 2, 100]),
        ("[1,5,9]", [1, 5, 9]),
        (" 1 , 4 - 6 ", [1, 4, 5, 6]),
        ("9,1", [9, 1]),
        (str(2**63 - 1), [2**63 - 1]),
    ],
)
def test_seeds_are_read(text, seeds):
    assert seeds_in(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "3-1", "1,,2", "1.5", "0-", "0..3", "0-1000000", str(2**63), "1;2", "1 2", "0x10", "None"]
)
def test_what_is_no_seed_is_told_to_the_user(text):
    with pytest.raises(UserError, match=r"cannot be read\. Write seeds=7, seeds=0-63 or seeds=1,5,9"):
        seeds_in(text)


def test_a_million_seeds_can_be_asked_for():
    assert len(seeds_in("0-999999")) == 1_000_000


def test_without_factors_every_seed_is_one_picture():
    assert plan([], [3, 1], {}, None) == [Recipe(3, {}), Recipe(1, {})]


def test_every_seed_meets_every_class_that_is_asked_for_class_by_class():
    recipes = plan([STYLE, SUBJECT], [0, 1], {"style": "all", "subject": "moon"}, 0.7)
    assert recipes == [
        Recipe(seed, {"style": style, "subject": "moon"}, 0.7)
        for style in ("cubist", "drip", "grid")
        for seed in (0, 1)
    ]


def test_a_list_asks_for_some_classes_and_numbers_are_names():
    recipes = plan([STYLE, SUBJECT], [5], {"style": ["grid", "cubist"], "subject": 3}, None)
    assert {(r.seed, r.labels["style"], r.labels["subject"]) for r in recipes} == {(5, "grid", "3"), (5, "cubist", "3")}
    assert len(recipes) == 2


def test_a_factor_that_is_not_asked_for_is_drawn_by_the_seed():
    seeds = list(range(300))
    recipes = plan([STYLE, SUBJECT], seeds, {"style": "drip"}, None)
    drawn = {recipe.seed: recipe.labels["subject"] for recipe in recipes}
    assert len(recipes) == 300
    assert 100 < sum(subject == "moon" for subject in drawn.values()) < 200  # 150 ± 8.7
    alone = plan([STYLE, SUBJECT], [17], {}, None)[0]
    assert alone.labels["subject"] == drawn[17]  # whatever else is asked for


def test_all_factors_drawn_give_one_picture_a_seed_with_every_factor():
    recipes = plan([STYLE, SUBJECT], list(range(60)), {}, None)
    assert sorted(recipe.seed for recipe in recipes) == list(range(60))
    assert {recipe.labels["style"] for recipe in recipes} == set(STYLE.classes)
    assert [recipe.labels["style"] for recipe in recipes] == sorted(recipe.labels["style"] for recipe in recipes)


@pytest.mark.parametrize(
    ("factors", "wanted", "told"),
    [
        ([STYLE], {"stile": "drip"}, r"labels\.stile.* Did you mean style\? It was told: style"),
        ([STYLE, SUBJECT], {"zebra": "x"}, r"labels\.zebra.* It was told: style, subject"),
        ([], {"style": "drip"}, "trained without labels"),
        ([STYLE], {"style": "cubic"}, r"labels\.style=cubic.* Did you mean cubist\? There are: cubist, drip, grid"),
        ([STYLE], {"style": ["drip", "x9"]}, r"labels\.style=x9: there is no such class"),
    ],
)
def test_factors_and_classes_that_are_not_there_are_told_with_those_that_are(factors, wanted, told):
    with pytest.raises(UserError, match=told):
        plan(factors, [0], wanted, None)


@pytest.mark.parametrize("truncation", [0, -0.5])
def test_truncation_must_be_positive(truncation):
    with pytest.raises(UserError, match=f"truncation={truncation} must be at least 0.01"):
        plan([], [0], {}, truncation)


def test_file_names_bear_seed_and_labels_and_nothing_that_a_file_system_refuses():
    assert name_of(Recipe(7, {})) == "seed0007"
    assert name_of(Recipe(12345, {"style": "cubist", "subject": "a/b: c"})) == "seed12345_cubist_a-b-c"
