import base64
import hashlib
import json
import re

import pytest
from paper_runs import Page, score, sheet, write_run

from ganart.reporting.page import render
from ganart.reporting.panels import panels
from ganart.reporting.series import series_of
from ganart.runs.read import Run

CURVES = "images_seen,players/discriminator_loss,players/d_real,trend/fid,trend/fid_std,trend/fid_floor\n"
CURVES += "".join(f"{100 * i},{1 / i},0.5,{9 - i},0.5,0.1\n" for i in range(1, 9))


@pytest.fixture
def sweep(tmp_path):
    """Two recipes × two seeds, with everything that a run folder can hold, and a job that never began."""
    recipes = [{"lr": lr, "seed": seed} for lr in (0.1, 0.2) for seed in (0, 1)]
    for i, recipe in enumerate(recipes):
        scores = {"fid": score(1.0 + i, std=0.1), "recall": score(0.9 - 0.1 * i, lower=False)}
        rows = [{"class": "cubist", "share_real": 0.5, "share_fake": 0.25, "kernel_distance": 0.1, "recall": 0.5}]
        run = write_run(
            tmp_path / str(i),
            recipe=recipe,
            overrides=[f"{key}={value}" for key, value in recipe.items()],
            scores=scores,
            curves=CURVES,
            samples=(0, 500, 1000),
            per_label={"style": {"total_variation": 0.25, "rows": rows}},
            doctor=[{"disease": "style_dropped", "images_seen": 500, "says": "no cubes", "try": ["lr=0.3"]}],
            versions={"torch": "2.9"},
            device="an abacus",
        )
        sheet(run / "audits/1/sheet_0.png")
        sheet(run / "generated/1/contact_sheet.png")
    (tmp_path / "4").mkdir()
    return [Run(tmp_path / str(i)) for i in range(5)]


@pytest.fixture
def page(sweep):
    return Page(render(sweep))


def test_the_page_is_well_formed_and_its_names_are_unique(page):
    assert page.wrong == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nothing_comes_from_outside_and_only_our_own_script_may_run(sweep):
    html = render(sweep)
    page = Page(html)
    assert not re.search(
        r"(?i)https?:|//[a-z]|@import|url\(", re.sub(r"data:image/webp;base64,[^\"]+", "", html).replace("// ", "")
    )
    assert all(image["src"].startswith("data:image/webp;base64,") for image in page.all("img") if "src" in image)
    assert page.all("link") == []
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    script = re.search(r"<script>(.*?)</script>", html, re.S).group(1)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy


def test_sections_come_in_the_order_in_which_one_asks(page, sweep):
    def order(html):
        return [attributes["id"] for attributes in html.all("section") if "id" in attributes]

    pictures, rest = ["sheets", "timelines", "nearest"], ["labels", "cost", "doctor", "commands", "versions"]
    assert order(Page(render(sweep[:1]))) == [*pictures, "differences", "curves", "scores", *rest]
    assert order(page) == ["differences", "scores", "curves", *pictures, *rest]


def test_only_differing_keys_are_shown_run_by_run(page):
    assert page.cells[:3] == [["run", "seed", "lr"], ["0", "0", "0.1"], ["1", "1", "0.1"]]


def test_what_has_not_finished_is_told_first(page):
    assert "4 finished, 1 not" in page.text
    assert "4 : never began: there is no config.yaml" in page.text


def test_scores_stand_with_deviation_floor_and_times_floor_and_sort_by_number(page):
    header = next(i for i, row in enumerate(page.cells) if row[:3] == ["run", "fid ↓", "recall ↑"])
    assert page.cells[header][3:] == ["images", "seed", "lr"]
    assert page.cells[header + 1][1:3] == ["1.00 ± 0.10 10.0 × floor", "0.9"]
    assert page.cells[header + 5][:3] == ["real pictures reach", "0.1", "0.1"]
    keys = [td["data-value"] for td in page.all("td") if "data-value" in td]
    assert keys[6:9] == ["1.0", "0.9", "1000.0"]  # after those of the two recipes
    assert all(float(key) == float(key) for key in keys)


def test_seeds_are_summed_up(page):
    rows = {row[0]: row[1:] for row in page.cells if row[:1] in (["lr=0.1"], ["lr=0.2"])}
    assert rows == {"lr=0.1": ["1.50 ± 0.71", "0.850 ± 0.071", "2"], "lr=0.2": ["3.50 ± 0.71", "0.650 ± 0.071", "2"]}
    assert "lr=0.1 mean of 2 seeds" in page.text


def test_every_picture_has_words_and_every_chart_says_what_it_shows(page):
    pictures = [image for image in page.all("img") if "src" in image]
    assert len(pictures) == 4 * (3 + 1 + 1 + 1)
    assert all(image["alt"] for image in pictures)
    plots = [div for div in page.all("div") if div.get("class") == "plot"]
    assert len(plots) == 3
    assert any(
        "fid, while learning over images seen. lr=0.1 · 2 seeds: from 8 to 1; lr=0.2 · 2 seeds" in div["aria-label"]
        for div in plots
    )


def test_the_best_mean_is_bold_and_not_the_luckiest_seed(tmp_path):
    for number, (rate, value) in enumerate([(0.1, 2.0), (0.1, 2.2), (0.2, 1.0), (0.2, 9.0)]):
        recipe = {"lr": rate, "seed": number % 2}
        typed = [f"{key}={value}" for key, value in recipe.items()]
        write_run(tmp_path / str(number), recipe=recipe, overrides=typed, scores={"fid": score(value)})
    html = render([Run(tmp_path / str(number)) for number in range(4)])
    bold = [td for td in Page(html).all("td") if "best" in (td.get("class") or "")]
    assert [float(td["data-value"]) for td in bold] == [pytest.approx(2.1)]
    alone = render([Run(tmp_path / str(number)) for number in (0, 2)])
    bold = [td for td in Page(alone).all("td") if "best" in (td.get("class") or "")]
    assert [td["data-value"] for td in bold] == ["1.0"]


def test_doctor_classes_cost_commands_and_versions_are_there(page):
    for words in (
        "style dropped",
        "no cubes",
        "cubist",
        "an abacus",
        "ganart train lr=0.1 seed=0",
        "2.9",
        "CC0-1.0",
        "d" * 64,
    ):
        assert words in page.text


EVIL = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"


def test_foreign_names_and_values_are_text_and_nothing_else(tmp_path):
    per_label = {EVIL: {"rows": [{"class": EVIL}]}}
    facts = {
        "scores": {EVIL: score(1.0, **{EVIL: EVIL})},
        "per_label": per_label,
        "doctor": [{"disease": EVIL, "says": EVIL, "try": [EVIL]}],
        "device": EVIL,
        "precision": EVIL,
        "licence": EVIL,
        "versions": {EVIL: EVIL},
    }
    runs = []
    for i in range(3):
        folder = write_run(
            tmp_path / f"{i}{EVIL.replace('/', '|')}", recipe={EVIL: f"{EVIL}{i}"}, overrides=[f"{EVIL}{i}"], **facts
        )
        (folder / "dataset.json").write_text('{"name": "<script>alert(1)</script>"}')
        (folder / "metrics.csv").write_text('images_seen,"<script>alert(1)</script>"\n100,1\n200,2\n')
        runs.append(Run(folder))
    for html in (render(runs), render(runs[:1])):
        page = Page(html)
        assert page.wrong == []
        assert len(page.all("script")) == 1
        assert all("onerror" not in attributes for _, attributes in page.elements)
        assert page.text.count("<script>alert(1)") > 8


@pytest.mark.parametrize(
    "missing", ["summary.json", "metrics.csv", "overrides.yaml", "recipe.yaml", "dataset.json", "config.yaml"]
)
def test_no_file_has_to_be_there(sweep, missing):
    (sweep[0].path / missing).unlink()
    fresh = [Run(run.path) for run in sweep]
    assert Page(render(fresh)).wrong == []
    assert Page(render(fresh[:1])).wrong == []


@pytest.mark.parametrize("runs", [1, 2, 4])
def test_a_run_that_has_nothing_yet_still_has_a_page(tmp_path, runs):
    empty = [Run(write_run(tmp_path / str(i))) for i in range(runs)]
    page = Page(render(empty))
    assert page.wrong == []
    assert "None yet: nothing has been scored in full." in page.text


def test_runs_of_different_data_have_tables_of_their_own(sweep):
    other = sweep[3].path / "summary.json"
    other.write_text(other.read_text().replace('"dots"', '"lines"'))
    page = Page(render([Run(run.path) for run in sweep]))
    assert page.text.count("Measured with dataset dots") == 1
    assert page.text.count("Measured with dataset lines") == 1
    assert "Not all scores were taken in the same way" in page.text


def test_trends_that_were_measured_differently_are_not_drawn_over_one_another(sweep):
    def trends(html):
        return [div["aria-label"] for div in Page(html).all("div") if "while learning" in (div.get("aria-label") or "")]

    assert len(trends(render(sweep))) == 1
    file = sweep[0].path / "metrics.csv"
    file.write_text(file.read_text().replace(",0.1\n", ",0.2\n"))
    assert len(trends(render([Run(run.path) for run in sweep]))) == 2


def trend_charts(runs):
    """The charts of trends, each with the number of points of its lines."""
    panels_of = panels(runs, series_of(runs, [run.path.name for run in runs], [[] for _ in runs]))
    charts = [chart for chart in panels_of.main if "while learning" in chart.title]
    return [([len(line.dots) for line in chart.lines], chart.note) for chart in charts]


def held(run, *rows):
    rows = [{"images_seen": seen, "protocol": {"dataset": "dots", "weights_hash": way * 64}} for seen, way in rows]
    (run.path / "protocols.json").write_text(json.dumps({"trend/fid": rows}))
    return Run(run.path)


def test_a_run_that_went_on_with_another_protocol_is_not_joined_by_one_line(tmp_path):
    run = held(Run(write_run(tmp_path / "run", curves=CURVES)), (100, "a"), (600, "b"))
    found = trend_charts([run])
    assert [dots for dots, _ in found] == [[5], [3]]
    assert [note.partition(", ")[2] for _, note in found] == [
        "weights_hash aaaaaaaaaaaa…",
        "weights_hash bbbbbbbbbbbb…",
    ]
    assert [dots for dots, _ in trend_charts([held(run, (100, "a"))])] == [[8]]


def test_seeds_that_were_measured_differently_have_no_mean(tmp_path):
    runs = [Run(write_run(tmp_path / str(seed), curves=CURVES, recipe={"seed": seed})) for seed in range(3)]
    assert [dots for dots, _ in trend_charts(runs)] == [[8]]  # one mean
    runs = [held(runs[0], (100, "a")), held(runs[1], (100, "a")), held(runs[2], (100, "b"))]
    assert [dots for dots, _ in trend_charts(runs)] == [[8], [8]]
    runs = [runs[0], held(runs[1], (100, "a"), (500, "b")), held(runs[2], (100, "a"), (500, "b"))]
    assert [dots for dots, _ in trend_charts(runs)] == [[4], [4]]


@pytest.mark.parametrize("damaged", ["[]", "{", '{"trend/fid": 3}', '{"trend/fid": [{"images_seen": "x"}, 4]}'])
def test_damaged_protocols_do_no_harm(tmp_path, damaged):
    run = Run(write_run(tmp_path / "run", curves=CURVES))
    (run.path / "protocols.json").write_text(damaged)
    assert [dots for dots, _ in trend_charts([run])] == [[8]]


def test_a_long_history_and_many_runs_make_no_huge_page(tmp_path):
    curves = "images_seen,players/discriminator_loss,players/d_real\n" + "".join(
        f"{i},{i % 7},{i % 5}\n" for i in range(1, 20_001)
    )
    runs = [Run(write_run(tmp_path / str(i), curves=curves, recipe={"lr": i})) for i in range(20)]
    assert len(render(runs)) < 300_000
    path = max(re.findall(r' d="(M[^"]+)"', render(runs[:1])), key=len)
    assert 300 < len(re.findall("[ML]", path)) <= 500
