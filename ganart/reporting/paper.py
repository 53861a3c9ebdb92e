"""Tables for papers: one row per recipe, mean ± deviation over its seeds, as CSV, Markdown or LaTeX."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO

from ganart.files.tables import TableWriter
from ganart.numbers import number, short, with_deviation
from ganart.reporting.differences import groups_but_for_seed, own_overrides, short_names
from ganart.reporting.headline import arrow
from ganart.reporting.score_tables import Repeated, ScoreTable, best_mean, by_recipe, measurements, tables
from ganart.reporting.series import recipe_of
from ganart.runs.read import Run


@dataclass(frozen=True)
class Cell:
    """A text, and whether it is the best of its column."""

    text: str
    is_best: bool = False


@dataclass(frozen=True)
class Sheet:
    """One table: caption, headings, and rows of cells; the first column is text, the others are numbers."""

    caption: str
    headings: list[str]
    rows: list[list[Cell]]


def latex(runs: Sequence[Run]) -> str:
    """Return LaTeX tables (booktabs), each in its own `table` environment."""
    return "\n".join(_latex(sheet) for sheet in sheets(runs))


def markdown(runs: Sequence[Run]) -> str:
    """Return Markdown tables, each below its caption."""
    return "\n".join(_markdown(sheet) for sheet in sheets(runs))


def csv(runs: Sequence[Run]) -> str:
    """Return one CSV table for computation: mean, deviation and number of seeds of each score in separate columns."""
    rows = []
    for table, groups in _grouped(runs):
        for group in groups:
            row: dict[str, object] = {"recipe": _name(runs, group), "seeds": len(group.runs), "scored": table.kind}
            for column, (count, mean, std) in group.values.items():
                row |= {f"{column.name}_mean": mean, f"{column.name}_std": std, f"{column.name}_n": count}
            rows.append({**row, **{key: table.protocol.get(key) for key in ("n_real", "n_fake", "features", "split")}})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = StringIO()
    writer = TableWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def sheets(runs: Sequence[Run]) -> list[Sheet]:
    """Return a table for each kind of measurement and each protocol, with the best mean of each column marked."""
    found = []
    for table, groups in _grouped(runs):
        headings = ["recipe", *(arrow(column) for column in table.columns), "seeds", "seconds"]
        rows = [_row(runs, table, groups, group) for group in groups]
        floors = [table.floor(column) for column in table.columns]
        if any(floor is not None for floor in floors):
            rows.append([Cell("real pictures"), *(Cell(short(floor)) for floor in floors), Cell(""), Cell("")])
        found.append(Sheet(_caption(table, groups), headings, rows))
    return found


def _grouped(runs: Sequence[Run]) -> list[tuple[ScoreTable, list[Repeated]]]:
    groups = groups_but_for_seed(runs)
    return [(table, by_recipe(table, groups)) for table in tables(list(measurements(runs)))]


def _row(runs: Sequence[Run], table: ScoreTable, groups: Sequence[Repeated], group: Repeated) -> list[Cell]:
    cells = [Cell(_name(runs, group))]
    for column in table.columns:
        if column not in group.values:
            cells.append(Cell("–"))
            continue
        count, mean, std = group.values[column]
        of = f" (of {count})" if count != len(group.runs) else ""
        cells.append(Cell(with_deviation(mean, std) + of, mean == best_mean(groups, column)))
    seconds = [number(runs[run].summary.get("seconds_training")) for run in group.runs]
    known = [value for value in seconds if value is not None and math.isfinite(value)]
    return [*cells, Cell(str(len(group.runs))), Cell(f"{sum(known) / len(known):,.0f}" if known else "–")]


def _name(runs: Sequence[Run], group: Repeated) -> str:
    """Return the overrides that distinguish the recipe; for a single run its name."""
    if len(runs) == 1:
        return short_names([runs[0].path])[0]
    return recipe_of(own_overrides(runs)[group.runs[0]])


def _caption(table: ScoreTable, groups: Sequence[Repeated]) -> str:
    n_fake, n_real = table.protocol.get("n_fake"), table.protocol.get("n_real")
    counts = f", {n_fake} generated against {n_real} real pictures" if n_fake and n_real else ""
    differs = "".join(f", {key} {value}" for key, value in table.differs.items() if key not in ("n_fake", "n_real"))
    over = ". Mean ± standard deviation over seeds" if any(len(group.runs) > 1 for group in groups) else ""
    return f"{table.kind}{counts}{differs}{over}."


def _markdown(sheet: Sheet) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    def written(cell: Cell) -> str:
        text = re.sub(r"([\\`*_|<>\[\]])", r"\\\1", cell.text)
        return f"**{text}**" if cell.is_best else text

    rule = ["---", *["---:"] * (len(sheet.headings) - 1)]
    rows = [line([written(cell) for cell in row]) for row in sheet.rows]
    headings = line([written(Cell(heading)) for heading in sheet.headings])
    return "\n".join([sheet.caption, "", headings, line(rule), *rows, ""])


def _latex(sheet: Sheet) -> str:
    def written(cell: Cell) -> str:
        text = in_latex(cell.text)
        return rf"\textbf{{{text}}}" if cell.is_best else text

    def line(cells: Sequence[Cell]) -> str:
        return f"    {' & '.join(map(written, cells))} \\\\"

    rows = [line(row) for row in sheet.rows]
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{in_latex(sheet.caption)}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(sheet.headings) - 1)}}}",
            "    \\toprule",
            line([Cell(heading) for heading in sheet.headings]),
            "    \\midrule",
            *rows,
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
            "",
        ]
    )


def in_latex(text: str) -> str:
    """Return `text` with LaTeX's special characters escaped."""
    return "".join(LATEX.get(letter, letter) for letter in text)


LATEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "−": "$-$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "–": "--",
    "\n": " ",
}

FORMATS: dict[str, tuple[str, Callable[[Sequence[Run]], str]]] = {
    "csv": ("scores.csv", csv),
    "markdown": ("scores.md", markdown),
    "latex": ("scores.tex", latex),
}
"""File name and writer of each format."""
