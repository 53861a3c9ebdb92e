"""Escaping of table cells: formulas that a spreadsheet would compute in CSV files, special characters in Markdown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters of a cell that a spreadsheet computes instead of showing."""

MARK = "'"
"""Prefix of such a cell: a spreadsheet shows the rest as text."""


def escaped(cell: Any) -> Any:
    """Return `cell` safe for a CSV file; numbers, including negative ones, are unchanged."""
    if not isinstance(cell, str) or not cell.lstrip(MARK).startswith(FORMULA) or _is_number(cell):
        return cell
    return MARK + cell


def unescaped(cell: str) -> str:
    """Return the cell that `escaped` turned into `cell`."""
    return cell[len(MARK) :] if cell.startswith(MARK) and cell.lstrip(MARK).startswith(FORMULA) else cell


def in_markdown(cell: Any) -> str:
    """Return `cell` as one line of Markdown, with its special characters escaped."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", " ".join(str(cell).split()))


class TableWriter(csv.DictWriter):
    """`csv.DictWriter` with every cell escaped, those of the header too."""

    def writerow(self, rowdict: Mapping[Any, Any]) -> Any:
        return super().writerow({key: escaped(cell) for key, cell in rowdict.items()})

    def writerows(self, rowdicts: Iterable[Mapping[Any, Any]]) -> None:
        for row in rowdicts:
            self.writerow(row)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
