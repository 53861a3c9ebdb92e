import re
import unicodedata

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from PIL import Image

from ganart.datasets.base import Factor
from ganart.errors import UserError
from ganart.generation.painter import Recipe
from ganart.generation.recipes import names_of, plan, seeds_in, size_in
from ganart.names import keys_of, named, to_hydra

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
        ([STYLE], {"stile": "drip"}, r"labels\.stile.* Did you mean style\? It was conditioned on: style"),
        ([STYLE, SUBJECT], {"zebra": "x"}, r"labels\.zebra.* It was conditioned on: style, subject"),
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
    subject = Factor("subject", ("a/b: c",))
    assert names_of([Recipe(7, {})], []) == ["seed0007"]
    asked = Recipe(12345, {"style": "cubist", "subject": "a/b: c"})
    assert names_of([asked], [STYLE, subject]) == ["seed12345_cubist_a-b-c"]
    reserved = Factor("name", ("CON", "nul", "..", " ", ""))
    for name in names_of(plan([reserved], [0], {"name": "all"}, None), [reserved]):
        assert re.fullmatch(r"seed0000_[\w-]+", name)  # no name that Windows keeps for itself, no dot, no blank


ALIKE = Factor(
    "art movement", ("Post Impressionism", "Post-Impressionism", "post impressionism", "É", "e\u0301", "/", "?")
)
LONG = Factor("b", (*("x" * 300 + end for end in "abc"), "山" * 90, "a_c", "c"))


def test_there_are_as_many_names_as_pictures_whatever_the_disk_takes_for_the_same():
    recipes = plan([ALIKE, LONG], [0, 1], {"art movement": "all", "b": "all"}, None)
    names = names_of(recipes, [ALIKE, LONG])
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in names}
    assert len(folded) == len(recipes) == 2 * 7 * 6
    assert max(len(name.encode()) for name in names) <= 213
    assert all(re.fullmatch(r"[\w-]+", name) for name in names)


def test_parts_that_could_be_put_together_in_two_ways_do_not_meet():
    factors = [Factor("a", ("a", "a_b")), Factor("b", ("b_c", "c"))]
    names = names_of(plan(factors, [0], {"a": "all", "b": "all"}, None), factors)
    assert len(set(names)) == 4


def test_the_name_of_a_picture_does_not_depend_on_what_else_is_generated():
    alone = plan([ALIKE], [3], {"art movement": "Post-Impressionism"}, None)
    series = plan([ALIKE], [5, 3], {"art movement": "all"}, None)
    assert names_of(alone, [ALIKE])[0] in names_of(series, [ALIKE])
    assert names_of(series, [ALIKE]) == names_of(series, [ALIKE])


def test_a_class_that_is_named_twice_is_one_picture():
    assert len(plan([STYLE], [0], {"style": ["drip", "drip"]}, None)) == 1


@pytest.mark.parametrize(
    ("text", "shape", "becomes"),
    [
        ("512", (32, 32), (512, 512)),
        (512, (32, 64), (256, 512)),
        ("512", (64, 32), (512, 256)),
        ("1024x768", (32, 32), (768, 1024)),
        ("20 × 10", (32, 32), (10, 20)),
        ("5", (1, 100), (1, 5)),
    ],
)
def test_sizes_are_read(text, shape, becomes):
    size = size_in(text, "lanczos")
    for channels in (1, 3, 4):
        assert size.resample(np.zeros((*shape, channels), np.uint8)).shape == (*becomes, channels)


@pytest.mark.parametrize("text", ["0", "-1", "x", "10x", "10x0", "9999999", "8193", "1.5", "", "axb", "10x10x10"])
def test_what_is_no_size_is_told_to_the_user(text):
    with pytest.raises(UserError, match=r"Write size=512, the longer side, or size=1024x768"):
        size_in(text, "lanczos")


def test_filters_are_those_that_there_are():
    with pytest.raises(UserError, match=r"filter=nearst.* Did you mean nearest"):
        size_in("512", "nearst")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    assert (size_in("8", "nearest").resample(pixels) == pixels.repeat(2, 0).repeat(2, 1)).all()
    expected = Image.fromarray(pixels).resize((8, 8), Image.Resampling.LANCZOS)
    assert (size_in("8", "lanczos").resample(pixels) == np.asarray(expected)).all()


HEADINGS = ["art movement", "Style (main)", "風格", "a.b", "date=", "[x]", "a b", "a_b", "1900s", "...", "ÉTAT"]
KEYS = ["art_movement", "Style_main", "風格", "a_b_2", "date", "x", "a_b_3", "a_b", "1900s", "factor", "ÉTAT"]


def test_every_heading_has_a_key_that_can_be_typed():
    assert keys_of(HEADINGS) == KEYS
    for key, heading in zip(KEYS, HEADINGS, strict=True):
        assert re.fullmatch(r"\w+", key)
        for typed in (key, heading, key.upper(), key.replace("_", "-"), to_hydra(key)):
            assert named(typed, HEADINGS) == heading, (typed, heading)
    assert named("mood", HEADINGS) is None


@pytest.mark.parametrize("key", [*KEYS, *HEADINGS, "xn--", "--", "é", "李's"])
def test_hydra_can_read_every_key(key):
    parsed = OverridesParser.create().parse_override(f"++labels.{to_hydra(key)}=x")
    assert parsed.key_or_group == f"labels.{to_hydra(key)}"


def test_factors_are_asked_for_by_their_keys_and_told_with_them():
    factor = Factor("art movement", ("cubist", "風"))
    assert plan([factor, STYLE], [0], {"art_movement": "風", "style": "drip"}, None) == [
        Recipe(0, {"art movement": "風", "style": "drip"}, None)
    ]
    with pytest.raises(UserError, match=r"It was conditioned on: art_movement \(art movement\), style"):
        plan([factor, STYLE], [0], {"mood": "x"}, None)
    with pytest.raises(UserError, match=r"labels\.art_movement=x: there is no such class"):
        plan([factor], [0], {"Art-Movement": "x"}, None)
