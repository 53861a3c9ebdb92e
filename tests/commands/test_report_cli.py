"""`ganart report` as users type it, on runs that were really trained."""

import os
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from laboratory import train_tiny

from ganart.commands import report


@pytest.fixture(scope="module")
def multirun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(folder / "cache"))
        for seed in (0, 1):
            train_tiny(folder / f"multi/seed{seed}", "total_images=96", f"seed={seed}", "callback.scores.num_images=60")
    return folder / "multi"


class Text(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_run_gets_its_page_in_its_own_folder_and_nothing_else_is_written(ganart, multirun, tmp_path):
    run = multirun / "seed0"
    before = {file.name for file in run.iterdir()}
    status, text = ganart("report", str(run))
    assert status == 0, text
    assert f"{os.path.relpath(run)}/report.html" in text
    assert "1 run" in text
    assert {file.name for file in run.iterdir()} - before == {"report.html"}
    assert list(tmp_path.iterdir()) == []
    page = Text((run / "report.html").read_text(encoding="utf-8")).text
    for words in (
        "fd_classifier ↓",
        "real pictures reach",
        "Losses",
        "D(real) and D(fake)",
        "By style",
        "CC0-1.0",
        "96 images",
    ):
        assert words in page
    assert "ganart train total_images=96 seed=0" in page


def test_a_multirun_and_its_runs_by_name_give_the_same_page(ganart, multirun, tmp_path):
    assert ganart("report", str(multirun))[0] == 0
    whole = (multirun / "report.html").read_text(encoding="utf-8")
    status, text = ganart("report", *(str(multirun / f"seed{seed}") for seed in (0, 1)), f"output={tmp_path}/mine.html")
    assert status == 0, text
    assert "2 runs" in text
    assert (tmp_path / "mine.html").read_text(encoding="utf-8") == whole
    assert "Over seeds" in whole


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "Which runs?"),
        (("nowhere",), "nowhere does not exist"),
        (("runs=[nowhere]",), "nowhere does not exist"),
        (("runs=nowhere",), "nowhere does not exist"),
        (("empty",), "holds no run"),
        (("empty", "outptu=x.html"), "Did you mean output?"),
    ],
)
def test_mistakes_are_told_with_what_to_type_instead(ganart, tmp_path, arguments, expected):
    (tmp_path / "empty").mkdir()
    status, text = ganart("report", *arguments)
    assert status == 1
    assert expected in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("kind", "file", "words"),
    [("markdown", "scores.md", "| recipe | kd"), ("latex", "scores.tex", r"\toprule"), ("csv", "scores.csv", "_mean")],
)
def test_tables_for_papers_are_printed_and_written(ganart, multirun, kind, file, words):
    status, text = ganart("report", str(multirun), f"format={kind}")
    assert status == 0, text
    assert words in (multirun / file).read_text(encoding="utf-8")
    assert words in text
    assert os.path.relpath(multirun / file) in text


def test_figures_are_written_into_a_folder(ganart, multirun, tmp_path):
    status, text = ganart("report", str(multirun), "format=svg", f"output={tmp_path}/figures")
    assert status == 0, text
    assert "fd_classifier_while_learning.svg" in {file.name for file in (tmp_path / "figures").iterdir()}
    status, text = ganart("report", str(multirun), "format=docx")
    assert status == 1
    assert "html, csv, markdown, latex, svg" in text


def test_a_place_that_cannot_be_written_is_told(ganart, multirun, tmp_path):
    (tmp_path / "file").touch()
    status, text = ganart("report", str(multirun), "output=file/report.html")
    assert status == 1
    assert "cannot be written" in text
    assert "output=FILE.html" in text


def test_odd_paths_are_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loss=hinge, 'x'").mkdir()
    assert report.prepare_arguments(["loss=hinge, 'x'", "output=a.html"]) == [
        "output=a.html",
        r"runs=['loss=hinge, \'x\'']",
    ]


def test_reporting_needs_no_torch(multirun):
    code = "import sys; from ganart.commands.report import report; report([sys.argv[1]]); "
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(multirun)], check=True, capture_output=True)
