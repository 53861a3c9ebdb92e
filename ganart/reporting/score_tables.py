"""Tables of scores; all values in one column share one protocol."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ganart.numbers import finite, number
from ganart.reporting.differences import flatten, text
from ganart.runs.read import Json, Run, mapping

ENOUGH_FOR_FRECHET = 10_000
LAST, BEST, LATER = "Last weights", "Best checkpoint", "Scored later"
THE_LAST = "the last"


@dataclass(frozen=True)
class MeasuredScore:
    """One score of one run, with its protocol, flat and without null entries."""

    name: str
    value: float
    std: float | None
    floor: float | None
    times_floor: float | None
    lower_is_better: bool
    protocol: Json


@dataclass(frozen=True)
class Measurement:
    """The scores of one run at one time. `run` is its position in the report."""

    run: int
    kind: str
    images_seen: float | None
    note: str
    scores: list[MeasuredScore]


@dataclass(frozen=True)
class Column:
    """A score with the entries of its protocol that are its own, such as the number of neighbours."""

    name: str
    own: tuple[tuple[str, str], ...]
    lower_is_better: bool


@dataclass(frozen=True)
class ScoreTable:
    """All measurements of one kind with one protocol. `differs` are its entries that differ from other tables."""

    kind: str
    protocol: dict[str, str]
    differs: dict[str, str]
    columns: list[Column]
    rows: list[tuple[Measurement, dict[Column, MeasuredScore]]]

    def own_differences(self, column: Column) -> list[tuple[str, str]]:
        """Return the entries that distinguish `column` from others of the same name."""
        others = [set(other.own) for other in self.columns if other.name == column.name and other is not column]
        return [entry for entry in column.own if any(entry not in other for other in others)]

    def floor(self, column: Column) -> float | None:
        """Return the score of real images; None if unknown, or not the same for all rows."""
        floors = {scores[column].floor for _, scores in self.rows if column in scores}
        return floors.pop() if len(floors) == 1 else None

    def best(self, column: Column) -> float | None:
        """Return the best value in `column`; None if there are fewer than two."""
        values = [scores[column].value for _, scores in self.rows if column in scores]
        values = [value for value in values if math.isfinite(value)]
        return (min if column.lower_is_better else max)(values) if len(values) > 1 else None


@dataclass(frozen=True)
class Repeated:
    """A recipe over several seeds: count, mean and sample deviation (n − 1) of each column, None for n = 1."""

    runs: list[int]
    values: dict[Column, tuple[int, float, float | None]]


def measurements(runs: Sequence[Run]) -> Iterator[Measurement]:
    """Yield every set of scores in the run folders.

    If some runs have a best checkpoint, a run without one is listed among them with its last weights.
    """
    have_best = any(mapping(run.summary.get("best")) for run in runs)
    for position, run in enumerate(runs):
        last, best = run.summary, mapping(run.summary.get("best"))
        parts = [(LAST, last, number(last.get("scored_at_images", last.get("images_seen"))), "")]
        if best:
            parts.append((BEST, best, number(best.get("images_seen")), ""))
        elif have_best:
            parts.append((BEST, *parts[0][1:3], THE_LAST))
        for when, found in run.evaluations:
            subject = mapping(found.get("subject"))
            note = f"{subject.get('checkpoint', '')}, {when}"
            parts.append((LATER, found, number(subject.get("images_seen")), note))
        for kind, found, seen, note in parts:
            scores = [score for name, row in mapping(found.get("scores")).items() if (score := _score(name, row))]
            if scores:
                yield Measurement(position, kind, seen, note, scores)


def tables(found: Sequence[Measurement]) -> list[ScoreTable]:
    """Sort measurements into tables of one protocol each.

    Protocol entries that differ between the scores of a measurement belong to the columns, all others to the table. So
    two values share a column only if all known entries of their protocols are equal.
    """
    own = {key for measurement in found for key in _particular(measurement)}
    split: dict[tuple[str, str], list[tuple[Measurement, dict[Column, MeasuredScore]]]] = defaultdict(list)
    protocols: dict[tuple[str, str], dict[str, str]] = {}
    for measurement in found:
        by_protocol: dict[str, dict[Column, MeasuredScore]] = defaultdict(dict)
        for score in measurement.scores:
            base = {key: text(value) for key, value in score.protocol.items() if key not in own}
            particular = tuple((key, text(score.protocol[key])) for key in sorted(own & score.protocol.keys()))
            key = json.dumps(base, sort_keys=True)
            by_protocol[key][Column(score.name, particular, score.lower_is_better)] = score
            protocols[measurement.kind, key] = base
        for key, row in by_protocol.items():
            split[measurement.kind, key].append((measurement, row))
    ordered = sorted(split, key=lambda place: ((LAST, BEST, LATER).index(place[0]), -len(split[place])))
    return [
        ScoreTable(kind, protocols[kind, key], _differing(protocols[kind, key], protocols.values()), columns, rows)
        for kind, key in ordered
        for rows in [split[kind, key]]
        for columns in [_in_order(list(dict.fromkeys(column for _, row in rows for column in row)), rows)]
    ]


def over_seeds(table: ScoreTable, groups: Sequence[Sequence[int]]) -> list[Repeated]:
    """Return mean and deviation of every group of runs; [] if no group has several runs in `table`."""
    repeated = by_recipe(table, groups)
    return repeated if any(len(group.runs) > 1 for group in repeated) else []


def by_recipe(table: ScoreTable, groups: Sequence[Sequence[int]]) -> list[Repeated]:
    """Return mean and deviation of every group of runs that has a row in `table`."""
    by_run = {measurement.run: row for measurement, row in table.rows}
    repeated = []
    for group in groups:
        rows = {run: by_run[run] for run in group if run in by_run}
        values = {}
        for column in table.columns:
            numbers = [row[column].value for row in rows.values() if column in row]
            numbers = [value for value in numbers if math.isfinite(value)]
            if numbers:
                std = statistics.stdev(numbers) if len(numbers) > 1 else None
                values[column] = (len(numbers), statistics.fmean(numbers), std)
        if values:
            repeated.append(Repeated(list(rows), values))
    return repeated


def best_mean(repeated: Sequence[Repeated], column: Column) -> float | None:
    """Return the best mean in `column`; None if there are fewer than two."""
    means = {group.values[column][1] for group in repeated if column in group.values}
    return (min if column.lower_is_better else max)(means) if len(means) > 1 else None


def _score(name: str, row: Any) -> MeasuredScore | None:
    row = mapping(row)
    value = number(row.get("value"))
    if value is None:
        return None
    protocol = {key: entry for key, entry in flatten(mapping(row.get("protocol"))).items() if entry is not None}
    return MeasuredScore(
        name=str(name),
        value=value,
        std=finite(row.get("std")),
        floor=finite(row.get("floor")),
        times_floor=finite(row.get("times_floor")),
        lower_is_better=row.get("lower_is_better") is not False,
        protocol=protocol,
    )


def _particular(measurement: Measurement) -> Iterator[str]:
    """Yield the protocol entries that differ between the scores of `measurement`."""
    protocols = [score.protocol for score in measurement.scores]
    for key in {key for protocol in protocols for key in protocol}:
        if len({text(protocol[key]) if key in protocol else None for protocol in protocols}) > 1:
            yield key


def _differing(protocol: dict[str, str], all_protocols: Collection[dict[str, str]]) -> dict[str, str]:
    keys = dict.fromkeys(key for other in all_protocols for key in other)
    differing = [key for key in keys if len({other.get(key) for other in all_protocols}) > 1]
    return {key: protocol.get(key, "–") for key in differing}


def _in_order(columns: list[Column], rows: Sequence[tuple[Measurement, dict[Column, MeasuredScore]]]) -> list[Column]:
    """Return the columns in their order, kernel distances first if few images bias Fréchet distances."""
    counts = [number(score.protocol.get("n_fake")) for _, row in rows for score in row.values()]
    few = any(count is not None and count < ENOUGH_FOR_FRECHET for count in counts)
    return sorted(columns, key=lambda column: not (few and column.name.startswith(("kid", "kd_"))))
