"""The data set report as text: Markdown for the file, tables with colour swatches for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ganart.datasets.survey.survey import FactorCount, Report, Spread
from ganart.datasets.survey.survey import Group as Copies
from ganart.files.tables import in_markdown

_KINDS = {1: "grey", 3: "RGB", 4: "RGBA"}
_MOST_ROWS = 24
_LONGEST_LINE = 400  # on the terminal: names of files can be as long as a book
_MOST_EXAMPLES = 5
_BAR = 16


def markdown(report: Report) -> str:
    """Return the whole report as Markdown, to be read beside `contact_sheet.png`."""
    lines = [f"# {in_markdown(report.name)}", "", *(f"- {name}: {value}" for name, value in _facts(report)), ""]
    lines += ["![one row of examples a class](contact_sheet.png)", ""]
    for factor in report.factors:
        rows = [[in_markdown(row.name), row.total, row.train, row.test, f"`{row.colour}`"] for row in factor.classes]
        lines += [
            f"## {in_markdown(factor.name)}",
            "",
            *_md_table(["class", "pictures", "train", "test", "mean colour"], rows),
            "",
        ]
    lines += ["## Sizes in the files", "", *_md_table(["", "minimum", "median", "maximum"], _size_rows(report)), ""]
    for name, spread in _ranges(report):
        lines += [*_md_table([name, "pictures"], [[*row] for row in spread.ranges.items()]), ""]
    for name, groups in _copies(report):
        lines += [f"## {name}", "", *([f"- {in_markdown(_group_line(group))}" for group in groups] or ["None."]), ""]
    for name, listed in (("Notes", report.notes), ("Skipped files", _skipped(report))):
        lines += [f"## {name}", "", *([f"- {in_markdown(line)}" for line in listed] or ["None."]), ""]
    lines += [f"The manifest, `manifest.csv`, has the full hash `{report.manifest_hash}`.", ""]
    return "\n".join(lines)


def show(report: Report, console: Console) -> None:
    """Print the report to `console`, with long lists cut short."""
    parts: list[RenderableType] = [Text(report.name, style="bold"), _facts_table(report)]
    parts += [_factor_table(factor, report.train + report.test) for factor in report.factors]
    parts.append(_sizes_table(report))
    parts += [_ranges_table(name, spread) for name, spread in _ranges(report) if len(spread.ranges) > 1]
    lists = [("Notes", report.notes), ("Skipped files", _skipped(report))]
    lists += [(name, [_group_line(group) for group in groups]) for name, groups in _copies(report)]
    parts += [_short_list(name, lines) for name, lines in lists if lines]
    console.print(Padding(Group(*(Padding(part, (0, 0, 1, 0)) for part in parts)), (1, 2, 0, 2)))


def _skipped(report: Report) -> list[str]:
    return [f"{row.file}: {row.reason}" for row in report.skipped]


def _facts(report: Report) -> list[tuple[str, str]]:
    facts = [
        ("pictures", f"{report.train + report.test:,} ({report.train:,} train, {report.test:,} test)"),
        ("decoded to", f"{report.width} × {report.height} {_KINDS[report.channels]}"),
        ("licence", report.licence),
        ("manifest hash", report.manifest_hash[:16]),
        ("mean colour", report.colour),
        ("skipped files", f"{len(report.skipped):,}"),
    ]
    facts += [(name.lower(), _summary(groups)) for name, groups in _copies(report)]
    if report.smaller:
        facts.append(("small files", f"{report.smaller:,} are smaller than {report.width} × {report.height}"))
    if not report.factors:
        facts.append(("labels", "none"))
    return facts


def _ranges(report: Report) -> list[tuple[str, Spread]]:
    return [("shape", report.aspects), ("width", report.widths), ("height", report.heights)]


def _copies(report: Report) -> list[tuple[str, list[Copies]]]:
    return [("Exact duplicates", report.exact_duplicates), ("Near duplicates", report.near_duplicates)]


def _summary(groups: Sequence[Copies]) -> str:
    if not groups:
        return "none"
    leaks = sum(group.leaks for group in groups)
    leaking = f"; {leaks:,} groups are in train and test at once" if leaks else ""
    return f"{sum(len(group.files) - 1 for group in groups):,} in {len(groups):,} groups{leaking}"


def _group_line(group: Copies) -> str:
    return ", ".join(group.files) + (" (in train and test)" if group.leaks else "")


def _size_rows(report: Report) -> list[list[object]]:
    spreads = (("width", report.widths), ("height", report.heights), ("width / height", report.aspects))
    return [[name, *(f"{value:.4g}" for value in (s.minimum, s.median, s.maximum))] for name, s in spreads]


def _md_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _facts_table(report: Report) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _facts(report):
        swatch = Text("   ", style=f"on {report.colour}") + Text(" ") if name == "mean colour" else Text()
        table.add_row(name, swatch + Text(value))
    return table


def _factor_table(factor: FactorCount, pictures: int) -> Table:
    table = _table(factor.name, "", "pictures", "train", "test")
    table.add_column("mean colour")
    most = max(row.total for row in factor.classes)
    for row in factor.classes[:_MOST_ROWS]:
        colour = Text("   ", style=f"on {row.colour}") + Text(f" {row.colour}")
        bar = Text("▇" * max(1, round(_BAR * row.total / most)), style="cyan")
        table.add_row(row.name, bar, f"{row.total:,}", f"{row.train:,}", f"{row.test:,}", colour)
    rest = factor.classes[_MOST_ROWS:]
    if rest:
        table.add_row(
            Text(f"… and {len(rest)} more", style="dim"), "", f"{sum(row.total for row in rest):,}", "", "", ""
        )
    return table


def _sizes_table(report: Report) -> Table:
    table = _table("in the files", "minimum", "median", "maximum")
    for row in _size_rows(report):
        table.add_row(*(str(cell) for cell in row))
    return table


def _ranges_table(name: str, spread: Spread) -> Table:
    table = _table(name, "", "pictures")
    most = max(spread.ranges.values())
    for label, count in spread.ranges.items():
        table.add_row(label, Text("▇" * max(1, round(_BAR * count / most)), style="cyan"), f"{count:,}")
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right" if name else "left")
    return table


def _short_list(name: str, lines: Sequence[str]) -> Text:
    text = Text(f"{name}\n", style="dim")
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines[:_MOST_EXAMPLES]]
    text.append(Text("\n".join(shown), style="not dim"))
    if len(lines) > _MOST_EXAMPLES:
        text.append(f"\n… and {len(lines) - _MOST_EXAMPLES:,} more in report.md")
    return text
