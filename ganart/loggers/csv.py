"""`metrics.csv`: one row per number of images seen, whatever else logs."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.loggers.base import ExperimentLogger
from ganart.tables import TableWriter, unescaped

CLOCK = "images_seen"


class CSVLogger(ExperimentLogger):
    """Appends rows; a new quantity makes a new column. A resumed run goes on where its checkpoint stood.

    Lightning's own deletes the history when it opens an old folder, which a resumed run must not.
    """

    def __init__(self, *, folder: str | Path) -> None:
        super().__init__()
        self._file = Path(folder) / "metrics.csv"
        self._columns: list[str] = []
        self._last: int | None = None

    @property
    def name(self) -> str:
        return "csv"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """The configuration stands in config.yaml."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        assert step is not None
        row = {CLOCK: step, **metrics}
        if self._last is None:
            self._rewrite([old for old in self._read() if int(old[CLOCK]) < step], list(row))
        elif step == self._last or not set(row) <= set(self._columns):
            rows = self._read()
            if step == self._last:
                row = {**rows.pop(), **row}
            self._rewrite(rows, list(row))
        with self._file.open("a", newline="", encoding="utf-8") as stream:
            TableWriter(stream, self._columns).writerow(row)
        self._last = step

    def _read(self) -> list[dict[str, Any]]:
        if not self._file.exists():
            return []
        with self._file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            reader.fieldnames = [unescaped(name) for name in reader.fieldnames or []]
            rows = list(reader)
            self._columns = list(reader.fieldnames or [])
        return rows

    def _rewrite(self, rows: list[dict[str, Any]], columns: list[str]) -> None:
        self._columns += [name for name in columns if name not in self._columns]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name(f".{self._file.name}.unfinished")
        with unfinished.open("w", newline="", encoding="utf-8") as stream:
            writer = TableWriter(stream, self._columns)
            writer.writeheader()
            writer.writerows(rows)
        os.replace(unfinished, self._file)
