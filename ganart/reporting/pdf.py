"""The charts of a report as PDF: the drawing of the SVG file on one page of its size, with text as text."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ganart.errors import UserError

NAMESPACE = "{http://www.w3.org/2000/svg}"
OWN_FONT = "Helvetica"
NAMED_FONT = "Named"

PLAIN = str.maketrans({"−": "-", "–": "-", "…": "...", "↓": "(less is better)", "↑": "(more is better)", "’": "'"})
"""Replacements for Helvetica, which every PDF reader has, but only with Western European letters."""

Rule = tuple[list[str], dict[str, str]]


def refuse_without_fpdf() -> None:
    """Raise `UserError` if the package that writes PDF is not installed."""
    if importlib.util.find_spec("fpdf") is None:
        raise UserError("format=pdf needs a package that is not installed: pip install 'ganart[pdf]'")


def as_pdf(svg: str, font: str | None = None) -> bytes:
    """Draw `svg`, one of `figures`, with Helvetica or the TrueType or OpenType font in the file `font`.

    Raises:
        UserError: if fpdf2 is not installed, the font cannot be read, or it lacks some of the letters.
    """
    refuse_without_fpdf()
    from fpdf import FPDF
    from fpdf.svg import SVGObject

    root = with_attributes(ElementTree.fromstring(svg))
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    pdf = FPDF(unit="pt", format=(width, height))
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    root.set("font-family", _use(pdf, font) if font else OWN_FONT)
    letters = _written(root, plain=font is None)
    known = (
        getattr(pdf.fonts[NAMED_FONT.lower()], "cmap", ()) if font else range(256)
    )  # a built-in font has no such map
    if missing := sorted(letter for letter in letters if ord(letter) not in known):
        raise UserError(
            f"format=pdf: {font or 'its plain font'} has no {''.join(missing[:20])!r}, which is in a "
            "name in these charts. Name a font that has it, font=FILE.ttf, or take format=svg."
        )
    SVGObject(ElementTree.tostring(root, encoding="unicode")).draw_to_page(pdf)
    return bytes(pdf.output())


def _use(pdf: Any, font: str) -> str:
    file = Path(font).expanduser()
    if not file.is_file():
        raise UserError(f"font={font} is not a file. Give the path of a font: font=FILE.ttf")
    try:
        pdf.add_font(NAMED_FONT, fname=str(file))
    except Exception as error:  # a file that is not a font makes the reader fail in many ways
        raise UserError(f"font={font} cannot be read as a TrueType or OpenType font: {error}") from error
    return NAMED_FONT


def _written(root: ElementTree.Element, *, plain: bool) -> set[str]:
    """Return the letters of all texts, after replacing those that Helvetica lacks if `plain`."""
    letters: set[str] = set()
    for text in root.iter(f"{NAMESPACE}text"):
        text.text = (text.text or "").translate(PLAIN) if plain else text.text
        letters |= set(text.text or "")
    return letters


def with_attributes(root: ElementTree.Element) -> ElementTree.Element:
    """Copy the rules of the style sheet in `root` to attributes of each element: fpdf2 reads no style sheets."""
    rules: list[Rule] = []
    for sheet in root.findall(f"{NAMESPACE}style"):
        rules += _rules(sheet.text or "")
        root.remove(sheet)
    for name in ("title", "desc"):
        for element in root.findall(f"{NAMESPACE}{name}"):
            root.remove(element)
    _apply(rules, root, [])
    return root


def _rules(sheet: str) -> Iterator[Rule]:
    """Yield each selector, as its classes or tags from the outside in, with its values, in order."""
    for selectors, body in re.findall(r"([^{}]+)\{([^}]*)\}", sheet):
        values = dict(re.findall(r"([\w-]+):\s*([^;]+?)\s*(?:;|$)", body))
        values = {key: value.removesuffix("px") for key, value in values.items()}
        if (opacity := values.pop("opacity", None)) is not None:
            values |= {"fill-opacity": opacity, "stroke-opacity": opacity}
        for selector in selectors.split(","):
            yield selector.split(), values


def _apply(rules: list[Rule], element: ElementTree.Element, parents: list[ElementTree.Element]) -> None:
    for (*outer, last), values in rules:
        if _matches(last, element) and all(any(_matches(one, parent) for parent in parents) for one in outer):
            for key, value in values.items():
                element.set(key, value)
    for child in element:
        _apply(rules, child, [*parents, element])


def _matches(selector: str, element: ElementTree.Element) -> bool:
    tag, _, name = selector.partition(".")
    return tag in ("", element.tag.removeprefix(NAMESPACE)) and name in ("", *element.get("class", "").split())
