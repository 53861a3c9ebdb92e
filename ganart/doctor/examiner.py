"""The examination of snapshots: one diagnosis when a disease begins, and one when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ganart.doctor.disease import Diagnosis, Disease
from ganart.doctor.history import History, Snapshot


class Case:
    """The state of one disease in one run."""

    def __init__(self, disease: Disease) -> None:
        self.disease = disease
        self.is_ill = False
        self.against = 0
        """Number of consecutive snapshots that contradict `is_ill`."""

    def examine(self, history: History, causes: list[str]) -> Diagnosis | None:
        """Examine the latest snapshot; return a diagnosis if the disease begins or ends, else None.

        `causes` are the names of present diseases that may have caused this one.
        """
        if not all(name in history.now for name in self.disease.needs):
            return None
        says = self.disease.signs(history)
        self.against = self.against + 1 if (says is not None) != self.is_ill else 0
        if self.against < self.disease.windows:
            return None
        self.is_ill, self.against = says is not None, 0
        name, images_seen = self.disease.name, history.images_seen
        if says is None:
            return Diagnosis(name, images_seen, "It is over: its signs are gone.", is_over=True)
        if self.disease.follows_others and causes:
            return Diagnosis(name, images_seen, f"{says} First cure: {', '.join(causes)}.")
        return Diagnosis(name, images_seen, says, tuple(self.disease.remedies(history)))


class Examiner:
    """The states of all diseases in one run, causes before their consequences; those of one rank stay as they came."""

    def __init__(self, diseases: Iterable[Disease]) -> None:
        ranked = sorted(diseases, key=lambda disease: (disease.follows_others, not disease.is_setting))
        self.cases = [Case(disease) for disease in ranked]
        self.history = History()

    def look(self, snapshot: Snapshot) -> list[Diagnosis]:
        """Add `snapshot` to the history, and return the new diagnoses."""
        self.history.add(snapshot)
        found = []
        for case in self.cases:
            causes = [c.disease.name for c in self.cases if c.is_ill and not c.disease.follows_others]
            if (diagnosis := case.examine(self.history, causes)) is not None:
                found.append(diagnosis)
        return found

    def state_dict(self) -> dict[str, Any]:
        cases = {case.disease.key: {"is_ill": case.is_ill, "against": case.against} for case in self.cases}
        return {"cases": cases, "charts": self.history.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.history.load_state_dict(state["charts"])
        for case in self.cases:
            if known := state["cases"].get(case.disease.key):
                case.is_ill, case.against = known["is_ill"], known["against"]
