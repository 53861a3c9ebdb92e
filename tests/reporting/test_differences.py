from pathlib import Path

from paper_runs import write_run

from ganart.reporting.differences import (
    configuration_differences,
    differences,
    flatten,
    groups_but_for_seed,
    own_overrides,
    shared,
    short_names,
)
from ganart.runs.read import Run


def test_classes_go_by_the_key_of_what_they_build():
    nested = {"loss": {"_target_": "ganart.losses.Hinge", "margin": 1.0}, "penalty": {}, "betas": [0, 0.99]}
    assert flatten(nested) == {"loss": "losses.Hinge", "loss.margin": 1.0, "penalty": {}, "betas": [0, 0.99]}


def test_only_what_differs_is_told_and_what_one_lacks_is_a_difference():
    found = differences([{"a": 1, "b": 2, "c": [1]}, {"a": 1, "b": 3, "c": [1], "d": None}])
    assert found.keys == ["b", "d"]
    assert found.rows == [["2", None], ["3", "null"]]
    assert shared([{"a": 1, "b": 2}, {"a": 1, "b": 3}]) == {"a": 1}


def test_one_and_one_point_zero_and_true_are_not_the_same():
    assert differences([{"a": 1}, {"a": 1.0}]).keys == ["a"]
    assert differences([{"a": 1}, {"a": True}]).keys == ["a"]


def test_of_runs_only_the_recipe_and_the_data_count_not_where_they_lie(tmp_path):
    runs = [Run(write_run(tmp_path / name, recipe={"lr": lr})) for name, lr in (("a", 1), ("b", 2))]
    (tmp_path / "never").mkdir()
    found = configuration_differences([*runs, Run(tmp_path / "never")])
    assert found.keys == ["lr"]
    assert found.rows == [["1"], ["2"], [None]]


def test_other_pictures_are_a_difference(tmp_path):
    runs = [Run(write_run(tmp_path / name)) for name in ("a", "b")]
    (tmp_path / "b/dataset.json").write_text('{"name": "dots", "hash": "eeee"}')
    assert configuration_differences(runs).keys == ["pictures (hash)"]


def test_runs_that_differ_in_their_seed_alone_belong_together(tmp_path):
    recipes = [{"lr": 1, "seed": 0}, {"lr": 2, "seed": 0}, {"lr": 1, "seed": 1}, {"lr": 2, "seed": 5}, {"lr": 3}]
    runs = [Run(write_run(tmp_path / str(i), recipe=recipe)) for i, recipe in enumerate(recipes)]
    assert groups_but_for_seed(runs) == [[0, 2], [1, 3], [4]]


def test_jobs_that_never_began_are_not_taken_for_one_another(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert groups_but_for_seed([Run(tmp_path / "a"), Run(tmp_path / "b")]) == [[0], [1]]


def test_names_are_as_long_as_it_takes_to_tell_them_apart():
    paths = [Path("/runs/mnist/0"), Path("/runs/mnist/1"), Path("/runs/cifar/0")]
    assert short_names(paths) == ["mnist/0", "1", "cifar/0"]


def test_what_was_typed_for_all_is_not_said_of_each(tmp_path):
    typed = [["loss=hinge", "seed=0"], ["loss=hinge", "seed=1"]]
    runs = [Run(write_run(tmp_path / str(i), overrides=overrides)) for i, overrides in enumerate(typed)]
    (tmp_path / "never").mkdir()
    assert own_overrides([*runs, Run(tmp_path / "never")]) == [["seed=0"], ["seed=1"], []]
