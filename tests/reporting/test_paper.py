"""Tables for papers and figures: means over seeds, the best mean marked, whatever the names hold."""

import csv
import xml.etree.ElementTree as ElementTree
from io import StringIO

import pytest
from paper_runs import score, write_run

from ganart.reporting import paper
from ganart.reporting.figures import figures
from ganart.runs.find import find_runs
from ganart.runs.read import Run

CURVES = "images_seen,trend/fid,players/d_real,players/d_fake\n0,8,{0},0.5\n500,4,{0},0.4\n1000,1,{0},0.3\n"


@pytest.fixture
def runs(tmp_path):
    """hinge: 2 and 4 (mean 3, deviation √2), wins; non_saturating: 1 and 9 (mean 5), has the luckiest seed."""
    found = []
    for loss, values in (("hinge", (2.0, 4.0)), ("non_saturating", (1.0, 9.0))):
        for seed, value in enumerate(values):
            scores = {"fid": score(value, std=0.01), "recall": score(value / 10, lower=False)}
            typed = [f"loss={loss}", f"seed={seed}"]
            recipe = {"loss": {"_target_": loss}, "seed": seed}
            folder = tmp_path / f"{loss}{seed}"
            curves = CURVES.format(value / 10)
            found.append(Run(write_run(folder, recipe=recipe, overrides=typed, scores=scores, curves=curves)))
    return found


def test_markdown(runs):
    assert paper.markdown(runs).splitlines() == [
        "Last weights, 2000 generated against 2000 real pictures. Mean ± standard deviation over seeds.",
        "",
        "| recipe | fid ↓ | recall ↑ | seeds | seconds |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| loss=hinge | **3.0 ± 1.4** | 0.30 ± 0.14 | 2 | 60 |",
        r"| loss=non\_saturating | 5.0 ± 5.7 | **0.50 ± 0.57** | 2 | 60 |",
        "| real pictures | 0.1 | 0.1 |  |  |",
    ]


def test_latex(runs):
    text = paper.latex(runs)
    assert r"recipe & fid $\downarrow$ & recall $\uparrow$ & seeds & seconds \\" in text
    assert r"loss=hinge & \textbf{3.0 $\pm$ 1.4} & 0.30 $\pm$ 0.14 & 2 & 60 \\" in text
    assert r"loss=non\_saturating & 5.0 $\pm$ 5.7 &" in text
    assert text.count("{") == text.count("}")
    assert r"\begin{tabular}{lrrrr}" in text


def test_csv_has_mean_deviation_and_count_apart(runs):
    rows = list(csv.DictReader(StringIO(paper.csv(runs))))
    assert [row["recipe"] for row in rows] == ["loss=hinge", "loss=non_saturating"]
    assert [float(row["fid_mean"]) for row in rows] == [3.0, 5.0]
    assert float(rows[0]["fid_std"]) == pytest.approx(2**0.5)
    assert [row["seeds"] for row in rows] == ["2", "2"]
    assert rows[0]["fid_n"] == "2"


def test_a_seed_without_the_score_is_not_counted(runs, tmp_path):
    third = write_run(
        tmp_path / "third",
        recipe={"loss": {"_target_": "hinge"}, "seed": 7},
        overrides=["loss=hinge", "seed=7"],
        scores={"recall": score(0.5, lower=False)},
    )
    text = paper.markdown([*runs, Run(third)])
    assert "| loss=hinge | **3.0 ± 1.4 (of 2)** |" in text


def test_one_run_is_a_table_too(runs):
    assert "| hinge0 | 2 | 0.2 | 1 | 60 |" in paper.markdown(runs[:1])
    assert "Mean" not in paper.markdown(runs[:1])


def test_names_that_would_command_latex_or_markdown_are_text(tmp_path):
    for seed, name in enumerate(("a|b*c_d", r"\input{x}%&#$~^{}")):
        write_run(tmp_path / str(seed), recipe={"x": name}, overrides=[f"x={name}"], scores={"fid": score(1.0)})
    runs = [Run(tmp_path / "0"), Run(tmp_path / "1")]
    assert r"x=a\|b\*c\_d" in paper.markdown(runs)
    assert r"x=\textbackslash{}input\{x\}\%\&\#\$\textasciitilde{}\textasciicircum{}\{\}" in paper.latex(runs)


def test_figures_are_whole_svg_files_with_a_line_a_recipe_and_its_band(runs):
    drawn = figures(runs)
    assert "fid_while_learning.svg" in drawn
    assert "players_d_real.svg" in drawn
    for text in drawn.values():
        root = ElementTree.fromstring(text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(" not in text
    names = [
        text.text
        for text in ElementTree.fromstring(drawn["players_d_real.svg"]).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert {"loss=hinge · 2 seeds", "loss=non_saturating · 2 seeds", "images seen"} <= set(names)
    assert drawn["players_d_real.svg"].count('class="band"') == 2
    one = figures(runs[:1])
    assert "d_real_and_d_fake.svg" in {name.replace("__", "_") for name in one}


def test_runs_that_were_never_measured_at_the_same_time_stay_curves_of_their_own(tmp_path):
    for seed in (0, 1):
        curves = f"images_seen,trend/fid,players/d_real\n{100 + seed},8,0.5\n"
        write_run(tmp_path / str(seed), recipe={"seed": seed}, overrides=[f"seed={seed}"], curves=curves)
    drawn = figures([Run(tmp_path / "0"), Run(tmp_path / "1")])
    assert drawn["players_d_real.svg"].count("<circle") == 2
    assert "fid_while_learning.svg" in drawn


def test_the_folder_of_figures_is_no_job(tmp_path):
    write_run(tmp_path / "seed-0")
    (tmp_path / "multirun.yaml").touch()
    for name in ("figures", "seed-1"):
        (tmp_path / name).mkdir()
    assert [run.name for run in find_runs([str(tmp_path)])] == ["seed-0", "seed-1"]
