"""A run as shown on the page: name, pen, images, cost, data and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganart.files.paths import shell, unplaced
from ganart.reporting.charts import Pen
from ganart.reporting.differences import own_overrides, short_names
from ganart.reporting.notes import ClassTable, Note, class_tables, doctor_notes
from ganart.reporting.pareto import images_per_second
from ganart.reporting.pictures import Budget, Thumbnail, embedded, timeline
from ganart.reporting.series import pens
from ganart.runs.read import Run, mapping

MOST_NEAREST = 4
MOST_LETTERS = 60


@dataclass(frozen=True)
class Shown:
    """One run. `name` is its folder; `own_overrides` are those that were not typed for all runs."""

    run: Run
    name: str
    own_overrides: list[str]
    pen: Pen
    strip: list[Thumbnail]
    sheets: list[Thumbnail]
    nearest: list[Thumbnail]
    by_label: list[ClassTable]
    notes: list[Note]

    @property
    def says(self) -> str:
        """Its own overrides, shortened."""
        whole = " ".join(self.own_overrides)
        return whole if len(whole) <= MOST_LETTERS else f"{whole[:MOST_LETTERS]}…"

    @property
    def label(self) -> str:
        """Its name, with its own overrides unless the name contains them."""
        return f"{self.name} · {self.says}" if self.says and self.says not in self.name else self.name

    @property
    def speed(self) -> float | None:
        return images_per_second(self.run)

    @property
    def facts(self) -> dict[str, Any]:
        """The source of its images, and the versions that its numbers may depend on."""
        summary, dataset = self.run.summary, self.run.dataset
        data = {
            "pictures": dataset.get("name"),
            "training pictures": dataset.get("num_train"),
            "test pictures": dataset.get("num_test"),
            "licence": summary.get("licence", dataset.get("licence")),
            "hash of the pixels": summary.get("dataset_hash", dataset.get("hash")),
            "hash of the files": summary.get("manifest_hash", dataset.get("manifest_hash")),
        }
        known = {key: value for key, value in data.items() if value is not None}
        return {**known, **{str(key): value for key, value in mapping(summary.get("versions")).items()}}

    @property
    def train_command(self) -> str:
        """The command that trains the same run again."""
        if self.run.overrides is None:
            return "# not known: there is no overrides.yaml"
        typed = [override for override in self.run.overrides if not override.startswith("resume=")]
        return shell("ganart", "train", *typed)

    @property
    def later_commands(self) -> list[str]:
        """Commands that generate from the run and evaluate it."""
        place = f"run={unplaced(self.run.path)}"
        return [shell("ganart", "generate", place, "seeds=0-63"), shell("ganart", "evaluate", place)]


def show(runs: Sequence[Run]) -> list[Shown]:
    """Name the runs, give each a pen, and embed their images as large as the page allows."""
    names = short_names([run.path for run in runs])
    own = own_overrides(runs) if len(runs) > 1 else [[]]
    budget = Budget.of(len(runs))
    return [
        _shown(run, name, typed, pen, budget)
        for run, name, typed, pen in zip(runs, names, own, pens(runs), strict=True)
    ]


def commands(shown: Sequence[Shown]) -> str:
    """Return the commands that train the runs again, as lines for a shell; for one run also those to use it."""
    if len(shown) == 1:
        return "\n".join([shown[0].train_command, *shown[0].later_commands])
    # A name may contain line breaks, and must stay inside the comment.
    return "\n".join(f"# {' '.join(each.label.split())}\n{each.train_command}" for each in shown)


def _shown(run: Run, name: str, overrides: list[str], pen: Pen, budget: Budget) -> Shown:
    sheets = [embedded(file, budget.sheet, f"the same latents at {seen:,} images") for seen, file in run.samples[-1:]]
    sheets += [embedded(file, budget.sheet, f"generated {file.parent.name}") for file in run.contact_sheets[-1:]]
    nearest = run.nearest_works[:MOST_NEAREST]
    works = [embedded(file, budget.sheet, f"{file.parent.name}, {file.name}") for file in nearest]
    return Shown(
        run=run,
        name=name,
        own_overrides=overrides,
        pen=pen,
        strip=timeline(run.samples, budget, budget.frame),
        sheets=[sheet for sheet in sheets if sheet is not None],
        nearest=[sheet for sheet in works if sheet is not None],
        by_label=class_tables(run),
        notes=list(doctor_notes(run)),
    )
