"""Cells of tables that other programs show: in a CSV file, what a spreadsheet would compute; in Markdown, its signs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet computes instead of showing it."""

MARK = "'"
"""Before such a cell: a spreadsheet takes what follows for text."""


def escaped(cell: Any) -> Any:
    """Return `cell` as it may stand in a CSV file; numbers, negative ones too, stay as they are."""
    if not isinstance(cell, str) or not cell.lstrip(MARK).startswith(FORMULA) or _is_number(cell):
        return cell
    return MARK + cell


def unescaped(cell: str) -> str:
    """Return the cell that `escaped` has made `cell` of."""
    return cell[len(MARK) :] if cell.startswith(MARK) and cell.lstrip(MARK).startswith(FORMULA) else cell


def in_markdown(cell: Any) -> str:
    """Return `cell` on one line of Markdown that shows it as it is."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", " ".join(str(cell).split()))


class TableWriter(csv.DictWriter):
    """`csv.DictWriter` with every cell escaped, those of the head too."""

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
