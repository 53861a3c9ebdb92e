"""`results.csv`: one row per run, for further computation."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

from ganart.files.json_files import in_json
from ganart.files.tables import TableWriter
from ganart.reporting.differences import configuration_differences, short_names
from ganart.runs.read import Run, mapping

COST = ("images_seen", "rounds", "seconds_preparing", "seconds_training", "seconds_scoring", "device", "num_devices")
FACTS = (*COST, "commit", "dataset_hash")


def results_csv(runs: Sequence[Run]) -> str:
    """Return the runs as CSV, with their differences, final scores with deviation and floor, cost and protocol."""
    differences = configuration_differences(runs)
    rows = [
        {
            "run": name,
            **scores_of(run),
            "state": run.state,
            **dict(zip(differences.keys, differing, strict=True)),
            **row_of(run),
        }
        for name, run, differing in zip(short_names([run.path for run in runs]), runs, differences.rows, strict=True)
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "protocol"))
    text = StringIO()
    writer = TableWriter(text, [*columns, "protocol"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def scores_of(run: Run) -> dict[str, Any]:
    """Return the final scores with deviation and floor, by column name."""
    row: dict[str, Any] = {}
    for name, score in _scores(run).items():
        parts = {name: "value", f"{name}_std": "std", f"{name}_floor": "floor"}
        row |= {column: score[part] for column, part in parts.items() if score.get(part) is not None}
    return row


def row_of(run: Run) -> dict[str, Any]:
    """Return the cost, and the protocol of the first score."""
    row: dict[str, Any] = {fact: run.summary[fact] for fact in FACTS if fact in run.summary}
    row["trainer_precision"] = run.summary.get("precision")  # "precision" may be the name of a score
    row["ganart"] = mapping(run.summary.get("versions")).get("ganart")
    first = next(iter(_scores(run).values()), {})
    return {**row, "protocol": in_json(first["protocol"]) if "protocol" in first else None}


def _scores(run: Run) -> dict[str, dict[str, Any]]:
    return {str(name): mapping(score) for name, score in mapping(run.summary.get("scores")).items()}
