"""The collapse doctor: diagnoses and advice from snapshots of a training run."""

import inspect

from ganart.doctor.disease import Diagnosis, Disease
from ganart.doctor.examiner import Case, Examiner
from ganart.doctor.history import History, Snapshot, derived
from ganart.doctor.view import numbers_of
from ganart.parts import parts_of

__all__ = ["Case", "Diagnosis", "Disease", "Examiner", "History", "Snapshot", "derived", "every_disease", "numbers_of"]

_FOUND = parts_of(__name__, Disease)


def every_disease() -> list[Disease]:
    """Return one of each disease that a file of this package defines."""
    return [kind() for kind in _FOUND.values() if not inspect.isabstract(kind)]
