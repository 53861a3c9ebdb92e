"""The drawings of a sweep, from what study.json says."""

import json

import pytest
from paper_runs import Page, write_run

from ganart.reporting.page import render
from ganart.reporting.sweep_charts import sweeps_in
from ganart.runs.read import Run


def trial(number, value, *, state="complete", **params):
    values = None if value is None else [value]
    return {"number": number, "state": state, "values": values, "params": params, "reason": "it <b>broke</b>"}


FACTS = {
    "objectives": [{"key": "fid", "lower_is_better": True}],
    "space": {"lr": "tag(log,interval(1e-4,1e-1))", "loss": "hinge,minimax", "gamma": "interval(0,1)"},
    "importances": [{"loss": 0.2, "lr": 0.8}],
    "trials": [
        trial(0, 5.0, lr=1e-4, loss="hinge", gamma=0.5),
        trial(1, 3.0, lr=1e-2, loss="minimax"),
        trial(2, None, state="pruned", lr=1e-1, loss="hinge"),
        trial(3, 4.0, lr=1e-3, loss="hinge", gamma=0.25),
        trial(4, None, state="failed", lr=0.02, loss="minimax"),
    ],
}


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(FACTS))
    (found,) = sweeps_in([str(tmp_path)])
    return found


def test_counts_best_and_importances_are_those_of_the_trials(sweep):
    assert sweep.counts == [("complete", 3), ("pruned", 1), ("failed", 1)]
    assert sweep.best.number == 1
    assert sweep.importances == [("lr", 0.8), ("loss", 0.2)]
    assert [one.number for one in sweep.failed] == [4]


def test_the_history_has_every_value_and_the_best_so_far(sweep):
    places = {says.split(":")[0]: (x, y) for x, y, _, says in sweep.history.dots}
    assert set(places) == {"trial 0", "trial 1", "trial 3"}
    assert places["trial 0"][0] < places["trial 1"][0] < places["trial 3"][0]
    assert places["trial 1"][1] > places["trial 3"][1] > places["trial 0"][1]  # lower is further down
    assert sweep.history.path.startswith(f"M{places['trial 0'][0]:g} {places['trial 0'][1]:g}")
    assert f" {places['trial 1'][1]:g}" in sweep.history.path


def test_slices_have_numbers_on_axes_and_names_side_by_side(sweep):
    by_key = {panel.title: panel for panel in sweep.slices}
    assert set(by_key) == {"lr", "loss", "gamma"}
    assert by_key["lr"].x.axis.is_log
    assert [name for _, name in by_key["loss"].x.ticks] == ["hinge", "minimax"]
    assert len(by_key["gamma"].dots) == 2  # of the trials that have it


def test_two_keys_that_are_numbers_share_a_plane_with_the_pruned_trials(sweep, tmp_path):
    (plane,) = sweep.planes
    assert plane.title == "gamma over lr"
    assert [says.partition(":")[0] for *_, says in plane.dots] == ["trial 0", "trial 3"]  # the best on top
    pruned = trial(5, None, state="pruned", lr=1e-2, gamma=0.75)
    (tmp_path / "study.json").write_text(json.dumps(FACTS | {"trials": [*FACTS["trials"], pruned]}))
    (plane,) = sweeps_in([str(tmp_path)])[0].planes
    strengths = {says.partition(":")[0]: strength for *_, strength, says in plane.dots}
    assert strengths == {"trial 5": 5, "trial 0": 3, "trial 3": 1}


def test_lines_pass_by_the_axis_of_a_key_that_a_trial_has_not(sweep):
    paths = {says.split(":")[0]: path for path, _, says in sweep.parallel.lines}
    assert paths["trial 0"].count("L") == 3
    assert paths["trial 1"].count("L") == 2
    assert [name for _, name, _ in sweep.parallel.axes] == ["lr", "loss", "gamma", "fid"]


def test_the_page_is_whole_and_what_trials_say_is_escaped(sweep, tmp_path):
    html = render([Run(write_run(tmp_path / "run"))], [sweep])
    page = Page(html)
    assert not page.wrong
    assert "fid ↓ in sweep" in page.text
    assert "it &lt;b&gt;broke" in html


@pytest.mark.parametrize("content", ["{}", "[]", "{", json.dumps({"objectives": [{}, 1], "trials": 3})])
def test_a_damaged_study_is_no_sweep(tmp_path, content):
    (tmp_path / "study.json").write_text(content)
    assert sweeps_in([str(tmp_path), str(tmp_path / "nowhere")]) == []


def test_a_study_without_values_still_says_how_it_went(tmp_path):
    facts = FACTS | {"trials": [trial(0, None, state="failed", lr=0.1)]}
    (tmp_path / "study.json").write_text(json.dumps(facts))
    (found,) = sweeps_in([str(tmp_path)])
    assert (found.history, found.parallel, found.best) == (None, None, None)
    assert not Page(render([Run(write_run(tmp_path / "run"))], [found])).wrong
