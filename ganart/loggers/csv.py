"""The CSV logger: `metrics.csv` with one row per number of images seen, `protocols.json` with the scores' protocols."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.errors import UserError
from ganart.files.foreign import read_json
from ganart.files.json_files import in_json, write_json
from ganart.files.paths import RUN_ADVICE, replacing, writing_to
from ganart.files.tables import TableWriter, unescaped
from ganart.loggers.base import ExperimentLogger

CLOCK = "images_seen"
Row = dict[str, Any]


class CSVLogger(ExperimentLogger):
    """Appends rows, with a new column for each new quantity. A resumed run continues at its checkpoint.

    Lightning's own CSV logger deletes the history when it opens an existing folder. Rows that cannot be written, for
    instance to a full disk, are written with the next. `protocols.json` has the protocols of each score and the row
    from which each holds: a run resumed elsewhere may have to use another classifier.
    """

    def __init__(self, *, folder: str | Path) -> None:
        super().__init__()
        self._file = Path(folder) / "metrics.csv"
        self._columns: list[str] = []
        self._last: int | None = None
        self._unwritten: list[Row] = []
        self._protocols = Path(folder) / "protocols.json"
        self._protocols_to_come: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return "csv"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def go_on_from(self, images_seen: int) -> None:
        rows = [row for row in self._read() if int(row[CLOCK]) <= images_seen]
        if self._file.exists():
            self._rewrite(rows)
        self._last = int(rows[-1][CLOCK]) if rows else -1
        if self._protocols.exists():
            kept = {name: [one for one in held if one[CLOCK] <= images_seen] for name, held in self._held().items()}
            self._hold({name: held for name, held in kept.items() if held})

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the configuration is in config.yaml."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        assert step is not None
        if self._last is None:
            self.go_on_from(step)
        self._unwritten.append({CLOCK: step, **metrics})
        self._write()
        if self._protocols_to_come:
            self._hold_from(step)

    @rank_zero_only
    def log_protocols(self, protocols: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep `protocols` until the next row is written."""
        self._protocols_to_come |= {name: json.loads(in_json(protocol)) for name, protocol in protocols.items()}

    @rank_zero_only
    def close(self) -> None:
        if self._unwritten:
            self._write()

    def _write(self) -> None:
        (row, *others), last = self._unwritten, self._last
        if not others and last is not None and row[CLOCK] > last and set(row) <= set(self._columns):
            with writing_to(self._file, RUN_ADVICE), self._file.open("a", newline="", encoding="utf-8") as stream:
                TableWriter(stream, self._columns).writerow(row)
        else:
            self._rewrite(_joined([*self._read(), *self._unwritten]))
        self._last = self._unwritten[-1][CLOCK]
        self._unwritten = []

    def _hold_from(self, images_seen: int) -> None:
        """Write the pending protocols that differ from those of the rows before."""
        before = self._held()
        held = dict(before)
        for name, protocol in self._protocols_to_come.items():
            if name not in held or held[name][-1]["protocol"] != protocol:
                held[name] = [*held.get(name, ()), {CLOCK: images_seen, "protocol": protocol}]
        self._protocols_to_come = {}
        if held != before:
            self._hold(held)

    def _held(self) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of protocols.json by score, each with its first `images_seen`; {} if the file is damaged."""
        try:
            found = read_json(self._protocols) if self._protocols.exists() else {}
            return {
                name: [{CLOCK: int(one[CLOCK]), "protocol": one["protocol"]} for one in held]
                for name, held in found.items()
                if held
            }
        except (UserError, KeyError, TypeError, ValueError):
            return {}

    def _hold(self, protocols: Mapping[str, Any]) -> None:
        with writing_to(self._protocols, RUN_ADVICE):
            write_json(self._protocols, protocols)

    def _read(self) -> list[Row]:
        """Return the complete rows of the file; the last is incomplete if the process was killed or the disk full."""
        if not self._file.exists():
            return []
        text = self._file.read_text(encoding="utf-8", errors="replace")
        reader = csv.DictReader(text[: text.rfind("\n") + 1].splitlines())
        reader.fieldnames = [unescaped(name) for name in reader.fieldnames or []]
        rows = list(_whole(reader))
        self._columns = list(reader.fieldnames or [])
        return rows

    def _rewrite(self, rows: list[Row]) -> None:
        names = dict.fromkeys(name for row in rows for name in row)
        self._columns += [name for name in names if name not in self._columns]
        with (
            writing_to(self._file, RUN_ADVICE),
            replacing(self._file) as unfinished,
            unfinished.open("w", newline="", encoding="utf-8") as stream,
        ):
            writer = TableWriter(stream, self._columns)
            writer.writeheader()
            writer.writerows(rows)


def _whole(rows: Iterable[Row]) -> Iterable[Row]:
    """Yield the rows that have all their cells and a clock greater than before."""
    last = -1
    for row in rows:
        clock = row.get(CLOCK)
        if None not in row and None not in row.values() and str(clock).isdecimal() and int(str(clock)) > last:
            last = int(str(clock))
            yield row


def _joined(rows: Iterable[Row]) -> list[Row]:
    """Merge rows of the same clock into one; later values replace earlier ones."""
    by_clock: dict[int, Row] = {}
    for row in rows:
        clock = int(row[CLOCK])
        by_clock[clock] = {**by_clock.get(clock, {}), **row}
    return list(by_clock.values())
