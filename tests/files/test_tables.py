"""Cells that a spreadsheet would compute."""

import csv
import io

import numpy as np
import pytest

from ganart.datasets.base import Factor
from ganart.datasets.reading.label_tables import read_table
from ganart.datasets.survey.survey import write_manifest
from ganart.files.tables import TableWriter, escaped, in_markdown, unescaped
from ganart.loggers import CSVLogger
from ganart.loggers.tensorboard import table_in_markdown
from ganart.runs.curves import read_curves

FORMULAS = ['=HYPERLINK("http://evil","a")', "+1+cmd", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\tx", "\rx", "＝1", "-"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_are_marked_as_text_and_read_again_as_they_were(cell):
    assert escaped(cell) == f"'{cell}"
    assert unescaped(escaped(cell)) == cell
    assert unescaped(escaped(escaped(cell))) == escaped(cell)


@pytest.mark.parametrize("cell", ["a=b", "", "-1.5", "-1e-3", "-inf", "+7", "'tis", "l'eau", -1.5, None, 3])
def test_all_else_stays_as_it_is(cell):
    assert escaped(cell) == cell
    assert not isinstance(cell, str) or unescaped(cell) == cell


def test_the_head_is_escaped_like_the_rows():
    text = io.StringIO()
    writer = TableWriter(text, ["=a", "b"], lineterminator="\n")
    writer.writeheader()
    writer.writerows([{"=a": "=1", "b": -1}])
    assert text.getvalue() == "'=a,b\n'=1,-1\n"


def test_a_manifest_is_read_as_labels_by_the_names_that_it_was_written_of(tmp_path, make_pictures):
    factors = [Factor("=style", ("-minus", "@home"))]
    pictures = make_pictures(np.zeros((2, 4, 4, 3), np.uint8), np.array([[0], [1]]), factors=factors)
    pictures.manifest.files[:] = ["=one.png", "two.png"]
    write_manifest(pictures, tmp_path / "manifest.csv")
    cells = [cell for row in csv.reader((tmp_path / "manifest.csv").open()) for cell in row]
    assert {"'=style", "'=one.png", "'-minus", "'@home"} <= set(cells)
    table = read_table("manifest.csv", (tmp_path / "manifest.csv").read_bytes())
    assert {file: row["=style"] for file, row in table.rows.items()} == {"=one.png": "-minus", "two.png": "@home"}


def test_metrics_keep_their_names_over_rewriting(tmp_path):
    for start in (1, 3):
        logger = CSVLogger(folder=tmp_path)
        logger.log_metrics({"=a": 1.0}, step=start)
        logger.log_metrics({"=a": -2.0, f"@b{start}": 1.0}, step=start + 1)
    assert (tmp_path / "metrics.csv").read_text().splitlines()[0] == "images_seen,'=a,'@b1,'@b3"
    assert read_curves(tmp_path / "metrics.csv")["=a"].y.tolist() == [1, -2, 1, -2]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[/i]", r"\[/i\]"),
        ("a|b", r"a\|b"),
        ("<b>", r"\<b\>"),
        ("two\nlines", "two lines"),
        ("Color_Field", "Color_Field"),
    ],
)
def test_names_are_shown_in_markdown_as_they_are(name, shown):
    assert in_markdown(name) == shown
    assert table_in_markdown(("x",), [[name]]).splitlines()[-1] == f"| {shown} |"
