"""The collapse doctor: diagnoses and advice from snapshots of a training run."""

from ganart.doctor.contest import DiscriminatorGivesUp, DiscriminatorWins
from ganart.doctor.disease import Diagnosis, Disease
from ganart.doctor.diversity import GeneratorCollapses, LabelsDropped, Memorising
from ganart.doctor.examiner import Case, Examiner
from ganart.doctor.history import History, Snapshot, derived
from ganart.doctor.strength import AugmentationLeaks, LearningRateTooHigh, PenaltyTooLarge, PenaltyTooSmall
from ganart.doctor.view import numbers_of

__all__ = [
    "Case",
    "Diagnosis",
    "Disease",
    "Examiner",
    "History",
    "Snapshot",
    "derived",
    "every_disease",
    "numbers_of",
]


def every_disease() -> list[Disease]:
    """Return all diseases, causes before their consequences."""
    return [
        LearningRateTooHigh(),
        PenaltyTooSmall(),
        PenaltyTooLarge(),
        AugmentationLeaks(),
        DiscriminatorWins(),
        DiscriminatorGivesUp(),
        Memorising(),
        GeneratorCollapses(),
        LabelsDropped(),
    ]
