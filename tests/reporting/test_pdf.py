"""Charts as PDF: what the SVG shows, letters included, or a sentence that says what is missing."""

import importlib.util
import re
import zlib
from xml.etree import ElementTree

import pytest
from paper_runs import write_run

from ganart.commands.report import export
from ganart.errors import UserError
from ganart.reporting.figures import figures
from ganart.reporting.pdf import NAMESPACE, as_pdf, with_attributes
from ganart.runs.read import Run

CURVES = "images_seen,trend/fid,trend/fid_floor\n" + "".join(f"{100 * i},{900 / i**2},0.1\n" for i in range(1, 9))
needs_fpdf = pytest.mark.skipif(not importlib.util.find_spec("fpdf"), reason="pip install 'ganart[pdf]'")


def run_called(folder, name):
    for seed, lr in ((0, 1), (1, 1), (0, 2)):
        overrides = [f"style={name}", f"lr={lr}", f"seed={seed}"]
        write_run(folder / f"{lr}-{seed}", recipe={"lr": lr, "seed": seed}, overrides=overrides, curves=CURVES)
    return [Run(path) for path in sorted(folder.iterdir())]


def drawn(runs):
    return figures(runs)["fid_while_learning.svg"]


def test_every_element_has_the_colours_of_the_style_sheet(tmp_path):
    root = with_attributes(ElementTree.fromstring(drawn(run_called(tmp_path, "ink"))))
    assert not root.findall(f"{NAMESPACE}style")
    paths = {}
    for group in root.iter(f"{NAMESPACE}g"):
        for path in group.iter(f"{NAMESPACE}path"):
            paths.setdefault(path.get("class").split()[0], []).append(path.attrib)
    assert [line["stroke"] for line in paths["line"]] == ["#0072b2", "#d55e00"] * 2  # in the chart and in its key
    assert {line["fill"] for line in paths["line"]} == {"none"}
    assert paths["band"][0]["fill"] == "#0072b2"
    assert paths["band"][0]["fill-opacity"] == "0.16"
    dots = [circle.get("fill") for circle in root.iter(f"{NAMESPACE}circle")]
    assert set(dots) == {"#0072b2", "#d55e00"}
    assert {text.get("font-size") for text in root.iter(f"{NAMESPACE}text")} == {"11", "13"}


@needs_fpdf
def test_a_chart_is_one_page_of_its_size_with_its_lines_and_words(tmp_path):
    content = as_pdf(drawn(run_called(tmp_path, "ink")))
    assert re.search(rb"/MediaBox \[0 0 400(\.0+)? 282(\.0+)?\]", content)
    assert len(re.findall(rb"/Type /Page\b", content)) == 1
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
    page = b"\n".join(zlib.decompress(one) for one in streams if one[:1] == b"x").decode("latin-1")
    numbers = {
        tuple(round(float(n) * 255) for n in found[0].split()) for found in re.findall(r"(([\d.]+ ){3})RG", page)
    }
    assert {(0, 114, 178), (213, 94, 0)} <= numbers  # both lines in their colours
    assert "lr=1" in page
    assert "images seen" in page


@needs_fpdf
def test_letters_that_the_font_has_not_are_told(tmp_path):
    svg = drawn(run_called(tmp_path, "ink").copy()[:1]).replace("fid, while", "水墨, while")
    with pytest.raises(UserError, match=r"has no '墨水', .*font=FILE\.ttf"):
        as_pdf(svg)
    with pytest.raises(UserError, match=r"font=nowhere\.ttf is not a file"):
        as_pdf(svg, "nowhere.ttf")
    (tmp_path / "x.ttf").write_bytes(b"no font")
    with pytest.raises(UserError, match="cannot be read as a TrueType"):
        as_pdf(svg, str(tmp_path / "x.ttf"))


@needs_fpdf
def test_a_font_of_ones_own_is_in_the_file(tmp_path):
    from PIL import ImageFont

    font = tmp_path / "font.ttf"
    font.write_bytes(ImageFont.load_default(12).path.getvalue())
    content = as_pdf(drawn(run_called(tmp_path / "runs", "ink")[:1]), str(font))
    assert b"/FontFile" in content


@needs_fpdf
def test_the_charts_of_runs_are_written_as_pdf(tmp_path, capsys):
    run = write_run(tmp_path / "run", curves=CURVES)
    export([str(run)], "pdf")
    assert (run / "figures/fid_while_learning.pdf").read_bytes().startswith(b"%PDF-")
    assert "1 figures in" in " ".join(capsys.readouterr().out.split())


def test_without_the_package_it_is_named(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == "fpdf" else found(name, *more))
    with pytest.raises(UserError, match=r"pip install 'ganart\[pdf\]'"):
        export([str(write_run(tmp_path / "run", curves=CURVES))], "pdf")
