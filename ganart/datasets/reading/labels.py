"""Labels of pictures, from their folders or from the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ganart.datasets.base import UNKNOWN, Factor
from ganart.datasets.reading.label_tables import Table, few
from ganart.errors import UserError, did_you_mean

SPLITS = {"train": False, "training": False, "test": True, "val": True, "valid": True, "validation": True}
"""Folder names (lower case) that mean a split instead of a label; True for the test split."""

MOST_CLASSES = 100
"""A column with more distinct values, such as titles or dates, is only used as a factor if asked for."""


@dataclass(frozen=True)
class Layout:
    """The arrangement of pictures in folders, without a single enclosing folder and without train/test folders.

    `files` are the names without the enclosing folder; `levels` are the folders of each picture that may be labels,
    outermost first; `is_test` is None for a picture whose folders do not determine its split.
    """

    files: list[str]
    levels: list[tuple[str, ...]]
    is_test: list[bool | None]


@dataclass(frozen=True)
class Labelling:
    """The factors, one row of labels per picture, and notes for the user."""

    factors: tuple[Factor, ...]
    rows: list[tuple[int, ...]]
    notes: list[str] = field(default_factory=list)


def lay_out(names: Sequence[str], depth: int) -> Layout:
    """Return the layout of pictures with the "/"-separated `names`, using `depth` folder levels as labels.

    A single enclosing folder is skipped if the folders are deeper than the labels need. A train folder without a test
    folder beside it determines no split.
    """
    parts = [tuple(name.split("/")) for name in names]
    while _wrapped(parts, depth):
        parts = [part[1:] for part in parts]
    files = ["/".join(part) for part in parts]
    levels = [part[:-1] for part in parts]
    outer = {level[0] for level in levels if level}
    if not outer or not {name.lower() for name in outer} <= SPLITS.keys():
        return Layout(files, levels, [None] * len(files))
    is_test = {name: SPLITS[name.lower()] for name in outer}
    if len(set(is_test.values())) == 1:
        is_test = {}
    return Layout(
        files, [level[1:] for level in levels], [is_test.get(level[0]) if level else None for level in levels]
    )


def _wrapped(parts: Sequence[tuple[str, ...]], depth: int) -> bool:
    tops = {part[0] for part in parts}
    nested = all(len(part) > 1 for part in parts)
    too_deep = max(len(part) - 1 for part in parts) > depth
    return len(tops) == 1 and nested and too_deep and not {top.lower() for top in tops} & SPLITS.keys()


def from_folders(levels: Sequence[tuple[str, ...]], factors: Sequence[str]) -> Labelling:
    """Label each picture by its folders: the outermost is its class in the first of `factors`, and so on.

    A picture with fewer folders has `UNKNOWN` for the others; folders deeper than `factors` are ignored. If no picture
    is in a folder, a single factor is dropped: the pictures have no labels.

    Raises:
        UserError: if there are several factors and no picture lies deep enough for one of them.
    """
    values = [[level[column] if column < len(level) else None for level in levels] for column in range(len(factors))]
    empty = [name for name, column in zip(factors, values, strict=True) if not any(column)]
    if empty and len(factors) > 1:
        deepest = max(len(level) for level in levels)
        raise UserError(
            f"dataset.factors=[{','.join(factors)}]: no picture lies {len(factors)} folders deep, so {empty[0]} would "
            f"have no class. The pictures lie at most {deepest} deep: name that many factors."
        )
    present = [(name, column) for name, column in zip(factors, values, strict=True) if any(column)]
    return _labelling(present, len(levels))


def from_table(
    names: Sequence[Sequence[str]], table: Table, factors: Sequence[str] | None, of_names: Sequence[str] = ()
) -> Labelling:
    """Label each picture by its row of `table`.

    Args:
        names: for each picture its possible names in the table, the most reliable first.
        table: the rows.
        factors: the columns to use; None takes every column with at most `MOST_CLASSES` distinct values.
        of_names: notes on how the names were read, for the error message: a wrong encoding prevents matches.

    Raises:
        UserError: if a column is missing, no column is usable, or no row matches a picture.
    """
    rows = [next((table.rows[name] for name in known if name in table.rows), None) for known in names]
    matched = sum(row is not None for row in rows)
    if not matched:
        raise UserError(
            f"dataset.labels={table.name}: not one of its {len(table.rows)} rows names a picture of this data set. "
            f'The table says e.g. "{few([next(iter(table.rows))])}", a picture is e.g. "{names[0][0]}". '
            + "".join(f"{note}. " for note in (*table.notes, *of_names))
            + f'Write the names of the pictures below dataset.root into the column "{table.file_column}".'
        )
    notes = list(table.notes)
    if matched < len(rows):
        missing = f"{len(rows) - matched} of {len(rows)} pictures"
        notes.append(f"{table.name}: {missing} have no row; their labels are unknown")
    chosen = _columns(table, factors, notes)
    values = [(name, [row[name] or None if row else None for row in rows]) for name in chosen]
    labelling = _labelling(values, len(rows))
    return Labelling(labelling.factors, labelling.rows, notes + labelling.notes)


def spellings(names: Iterable[str], basename_is_unique: bool) -> list[str]:
    """Return the possible names of a picture in a table: as it is, without its suffix, without its folders."""
    known = list(names)
    if basename_is_unique:
        known.append(PurePosixPath(known[0]).name)
    return [spelt for name in known for spelt in (name, str(PurePosixPath(name).with_suffix("")))]


def _columns(table: Table, asked: Sequence[str] | None, notes: list[str]) -> list[str]:
    if asked is not None:
        for name in asked:
            if name not in table.columns:
                raise UserError(
                    f"dataset.factors=[{','.join(asked)}]: {table.name} has no column {name}."
                    f"{did_you_mean(name, table.columns)} Its columns: {few(table.columns) or 'only file names'}."
                )
        return list(asked)
    distinct = {name: len({row[name] for row in table.rows.values()} - {""}) for name in table.columns}
    taken = [name for name, count in distinct.items() if 0 < count <= MOST_CLASSES]
    left = [f"{name} ({count} values)" for name, count in distinct.items() if name not in taken]
    if not taken:
        raise UserError(
            f"dataset.labels={table.name}: no column has from 1 to {MOST_CLASSES} distinct values, so none is taken "
            f"for a factor ({few(left) or 'the files are the only column'}). Name one: dataset.factors=[COLUMN]."
        )
    rest = f"; left out: {few(left)}" if left else ""
    notes.append(f"{table.name}: the factors are {few(taken)}{rest}")
    return taken


def _labelling(values: Sequence[tuple[str, Sequence[str | None]]], pictures: int) -> Labelling:
    """Number the classes of each factor in order of name."""
    factors, columns, notes = [], [], []
    for name, column in values:
        factor = Factor(name, tuple(sorted({value for value in column if value is not None})))
        if not factor.classes:
            raise UserError(
                f"dataset.factors: no picture has a {name} in the table; leave it out of dataset.factors=[…]."
            )
        index = {value: number for number, value in enumerate(factor.classes)}
        factors.append(factor)
        columns.append([UNKNOWN if value is None else index[value] for value in column])
        if len(factor.classes) == 1:
            notes.append(f"factor {name} has only one class ({factor.classes[0]}): it tells nothing apart")
    rows: list[tuple[int, ...]] = list(zip(*columns, strict=True)) if columns else [()] * pictures
    return Labelling(tuple(factors), rows, notes)
