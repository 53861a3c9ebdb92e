"""The results of a study: study.json for the report, tables, a line for the log."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from ganart.files.json_files import write_json
from ganart.numbers import counted
from ganart.sweeping.objective import Objective
from ganart.sweeping.study import FOLDER, OVERRIDES, PROTOCOL, REASON, Study
from ganart.sweeping.worker import SECONDS, VALUES_BY_SEED

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
MOST_SHOWN = 10


def describe(study: Study, objectives: Sequence[Objective], space: dict[str, str], total_images: int) -> dict[str, Any]:
    """Return everything about the study as plain data."""
    trials, protocols = study.trials(), study.optuna.user_attrs.get(PROTOCOL) or [{}] * len(objectives)
    goals = [
        {"key": goal.key, "name": protocol.get("score", goal.key), "lower_is_better": goal.lower_is_better}
        for goal, protocol in zip(objectives, protocols, strict=True)
    ]
    return {
        "objectives": goals,
        "space": space,
        "total_images": total_images,
        "protocols": protocols,
        "trials": [_row(trial) for trial in trials],
        "best": [trial.number for trial in best_trials(study)],
        "importances": [importances(study, position) for position in range(len(objectives))],
    }


def _row(trial: FrozenTrial) -> dict[str, Any]:
    by_seed = trial.user_attrs.get(VALUES_BY_SEED, [])
    return {
        "number": trial.number,
        "state": STATES[trial.state],
        "reason": trial.user_attrs.get(REASON),
        "folder": trial.user_attrs.get(FOLDER),
        "params": trial.params,
        "overrides": trial.user_attrs.get(OVERRIDES, []),
        "values": list(trial.values) if trial.values else None,
        "std": [statistics.stdev(column) for column in zip(*by_seed, strict=True)] if len(by_seed) > 1 else None,
        "seeds": len(by_seed),
        "seconds": trial.user_attrs.get(SECONDS),
        "trend": {str(step): value for step, value in sorted(trial.intermediate_values.items())},
        "begun": trial.datetime_start.isoformat(timespec="seconds") if trial.datetime_start else None,
    }


def best_trials(study: Study) -> list[FrozenTrial]:
    """Return the best trial, or with two objectives the Pareto front."""
    if not study.trials(TrialState.COMPLETE):
        return []
    if len(study.optuna.directions) > 1:
        return study.optuna.best_trials
    return [study.optuna.best_trial]


def importances(study: Study, position: int) -> dict[str, float]:
    """Return the importance of each key for separating good from other trials (PED-ANOVA, Watanabe et al. 2023).

    Empty if there are fewer than four complete trials, or no key in common.
    """
    complete = study.trials(TrialState.COMPLETE)
    shared = set.intersection(*(set(trial.params) for trial in complete)) if complete else set()
    if len(complete) < 4 or not shared:
        return {}
    try:
        return optuna.importance.get_param_importances(
            study.optuna, params=sorted(shared), target=lambda trial: trial.values[position]
        )
    except (ValueError, RuntimeError):  # for instance when all values are equal
        return {}


def saved_by_pruning(facts: dict[str, Any]) -> tuple[int, int]:
    """Return the images shown in all first runs, and how many it would have been without pruning."""
    total = facts["total_images"]
    shown = asked = 0
    for trial in facts["trials"]:
        if trial["state"] in ("complete", "pruned"):
            asked += total
            shown += total if trial["state"] == "complete" else max(map(int, trial["trend"]), default=0)
    return shown, asked


def write(folder: Path, facts: dict[str, Any]) -> None:
    write_json(folder / "study.json", facts)


def table(facts: dict[str, Any]) -> Table:
    """Build the table of the best trials, best first."""
    goals = facts["objectives"]
    sheet = Table()
    for goal in goals:
        sheet.add_column(f"{goal['name']} {'↓' if goal['lower_is_better'] else '↑'}", justify="right")
    for name in ("trial", "seconds"):
        sheet.add_column(name, justify="right")
    sheet.add_column("what it tried", overflow="fold")
    sign = 1 if goals[0]["lower_is_better"] else -1
    complete = [trial for trial in facts["trials"] if trial["state"] == "complete"]
    for trial in sorted(complete, key=lambda trial: sign * trial["values"][0])[:MOST_SHOWN]:
        deviations = trial["std"] or [None] * len(goals)
        values = [
            f"{value:.4g}" + (f" ± {std:.2g}" if std is not None else "")
            for value, std in zip(trial["values"], deviations, strict=True)
        ]
        sheet.add_row(*values, str(trial["number"]), f"{trial['seconds'] or 0:.0f}", " ".join(trial["overrides"]))
    return sheet


def headline(facts: dict[str, Any]) -> str:
    """Return one line with the number of trials by state, and the share of images saved by pruning."""
    counts = {state: sum(trial["state"] == state for trial in facts["trials"]) for state in STATES.values()}
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    shown, asked = saved_by_pruning(facts)
    saving = f"; pruning saved {1 - shown / asked:.0%} of {asked:,} images" if asked > shown else ""
    return f"{counted(len(facts['trials']), 'trial')}: {said}{saving}"


def line_for_log(folder: str, facts: dict[str, Any]) -> str:
    """Return one line of Markdown: date, objectives, folder, best values and overrides, hours."""
    goals = ", ".join(goal["name"] for goal in facts["objectives"])
    hours = sum(trial["seconds"] or 0 for trial in facts["trials"]) / 3600
    best = next((trial for trial in facts["trials"] if facts["best"] and trial["number"] == facts["best"][0]), None)
    found = (
        f"best {', '.join(f'{value:.4g}' for value in best['values'])} with `{' '.join(best['overrides'])}`"
        if best
        else "nothing finished"
    )
    what = f"sweep of {goals} in [{folder}]({folder})"
    return f"- **{datetime.date.today()}**, {what}: {headline(facts)}; {found}; {hours:.1f} h."
