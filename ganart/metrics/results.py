"""What scoring gives: numbers with their protocols, and tables of one row a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One number with what it was computed from."""

    name: str
    value: float
    std: float | None
    floor: float | None
    lower_is_better: bool
    protocol: Mapping[str, Any] = field(repr=False)
    key: str
    """What the metric itself calls it: `fid`, where the features make `fd_classifier` of its name."""

    @property
    def times_floor(self) -> float | None:
        """How many times the floor a distance is; None where the floor was not taken at the same number of pictures.

        An unbiased distance may be estimated below zero: it is none then, and none of the floor.
        """
        comparable = self.protocol["n_floor"] == self.protocol["n_real"] == self.protocol["n_fake"]
        if self.floor is None or self.floor <= 0 or not self.lower_is_better or not comparable:
            return None
        return max(self.value, 0.0) / self.floor

    def as_dict(self) -> dict[str, Any]:
        """Everything but the name, for a file."""
        row = {**asdict(self), "times_floor": self.times_floor}
        del row["name"]
        return row


@dataclass(frozen=True)
class LabelRow:
    """One class of one factor. Numbers that too few pictures do not give are None."""

    class_name: str
    n_real: int
    n_fake: int
    share_real: float | None
    share_fake: float | None
    kernel_distance: float | None
    recall: float | None

    def as_dict(self) -> dict[str, Any]:
        row = asdict(self)
        return {"class": row.pop("class_name"), **row}


@dataclass(frozen=True)
class LabelTable:
    """Every class of one factor by itself, and how far the shares of the classes are from those of the data."""

    factor: str
    total_variation: float | None
    """½ Σ |share of real − share of generated pictures|, as recognised: 0 as the data, 1 nothing in common."""

    agreement: float | None
    """The share of generated pictures that are recognised as the class that they were conditioned on, if they were."""

    rows: list[LabelRow]

    def as_dict(self) -> dict[str, Any]:
        return {
            "total_variation": self.total_variation,
            "agreement": self.agreement,
            "rows": [row.as_dict() for row in self.rows],
        }


@dataclass(frozen=True)
class Evaluation:
    """All scores and tables of one set of generated pictures."""

    results: list[Result]
    tables: list[LabelTable]
    caveats: list[str] = field(default_factory=list)
    """What is to be known of the classifier behind them."""

    @property
    def values(self) -> dict[str, float]:
        """The numbers alone, by name."""
        return {row.name: row.value for row in self.results}

    def as_dict(self) -> dict[str, Any]:
        return {
            "scores": {row.name: row.as_dict() for row in self.results},
            "per_label": {table.factor: table.as_dict() for table in self.tables},
            "caveats": self.caveats,
        }
