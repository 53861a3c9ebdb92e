"""Results of scoring: numbers with their protocols, and tables with one row per class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One value of a score with its deviation, floor and protocol."""

    name: str
    value: float
    std: float | None
    floor: float | None
    lower_is_better: bool
    protocol: Mapping[str, Any] = field(repr=False)
    key: str
    """The name without features: `fid` for a value whose `name` is `fd_classifier`."""

    @property
    def times_floor(self) -> float | None:
        """A distance over its floor; None if the floor has another number of images, or there is no such ratio.

        Negative estimates of an unbiased distance count as 0.
        """
        comparable = self.protocol["n_floor"] == self.protocol["n_real"] == self.protocol["n_fake"]
        if self.floor is None or self.floor <= 0 or not self.lower_is_better or not comparable:
            return None
        return max(self.value, 0.0) / self.floor

    def as_dict(self) -> dict[str, Any]:
        """Return all fields but the name, and `times_floor`, for a file."""
        row = {**asdict(self), "times_floor": self.times_floor}
        del row["name"]
        return row


@dataclass(frozen=True)
class LabelRow:
    """One class of one factor; numbers that need more images are None."""

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
    """The classes of one factor, and the distance of their shares from those of the data."""

    factor: str
    total_variation: float | None
    """½ Σ |share of real − share of generated images| of recognised classes: 0 if equal, 1 if disjoint."""

    agreement: float | None
    """The share of generated images recognised as the class that they are conditioned on; None without labels."""

    rows: list[LabelRow]

    def as_dict(self) -> dict[str, Any]:
        return {
            "total_variation": self.total_variation,
            "agreement": self.agreement,
            "rows": [row.as_dict() for row in self.rows],
        }


@dataclass(frozen=True)
class Evaluation:
    """All scores and tables of one set of generated images."""

    results: list[Result]
    tables: list[LabelTable]
    caveats: list[str] = field(default_factory=list)
    """Sentences on weaknesses of the classifier behind the numbers."""

    @property
    def values(self) -> dict[str, float]:
        """The values by name."""
        return {row.name: row.value for row in self.results}

    def as_dict(self) -> dict[str, Any]:
        return {
            "scores": {row.name: row.as_dict() for row in self.results},
            "per_label": {table.factor: table.as_dict() for table in self.tables},
            "caveats": self.caveats,
        }
