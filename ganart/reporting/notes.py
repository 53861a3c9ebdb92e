"""Other parts of a summary: results per class, and the doctor's notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ganart.numbers import finite
from ganart.runs.read import Run, items, mapping


@dataclass(frozen=True)
class ClassRow:
    """One class: its share of the real and the generated images, kernel distance and recall."""

    name: str
    share_real: float | None
    share_fake: float | None
    kernel_distance: float | None
    recall: float | None


@dataclass(frozen=True)
class ClassTable:
    """The classes of one factor. `total_variation` of real and generated shares: 0 if equal, 1 if disjoint."""

    factor: str
    total_variation: float | None
    agreement: float | None
    rows: list[ClassRow]


@dataclass(frozen=True)
class Note:
    """A diagnosis of the doctor, with the time and the keys to change."""

    disease: str
    images_seen: float | None
    says: str
    remedies: list[str]


def class_tables(run: Run) -> list[ClassTable]:
    """Return the tables of the last weights; if those were not scored, of the latest `ganart evaluate`."""
    places = [run.summary, *(found for _, found in reversed(run.evaluations))]
    per_label = next((found for place in places if (found := mapping(place.get("per_label")))), {})
    tables = [_table(str(factor), mapping(table)) for factor, table in per_label.items()]
    return [table for table in tables if table.rows]


def _table(factor: str, table: dict[str, Any]) -> ClassTable:
    rows = [_class(mapping(row)) for row in items(table.get("rows"))]
    return ClassTable(factor, finite(table.get("total_variation")), finite(table.get("agreement")), rows)


def _class(row: dict[str, Any]) -> ClassRow:
    numbers = (finite(row.get(key)) for key in ("share_real", "share_fake", "kernel_distance", "recall"))
    return ClassRow(str(row.get("class", "?")), *numbers)


def doctor_notes(run: Run) -> Iterator[Note]:
    """Yield the doctor's notes from the training."""
    for note in map(mapping, items(run.summary.get("doctor"))):
        if "says" in note or "disease" in note:
            remedies = [str(remedy) for remedy in items(note.get("try"))]
            disease = str(note.get("disease", "")).replace("_", " ")
            yield Note(disease, finite(note.get("images_seen")), str(note.get("says", "")), remedies)
