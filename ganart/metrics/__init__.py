"""Scores of generated pictures."""

from ganart.metrics.authenticity import Authenticity
from ganart.metrics.base import Comparison, Sample, Score, Value
from ganart.metrics.density_coverage import DensityCoverage
from ganart.metrics.frechet import FrechetDistance
from ganart.metrics.frechet_at_infinity import FrechetDistanceAtInfinity
from ganart.metrics.inception_score import InceptionScore
from ganart.metrics.kernel import KernelDistance
from ganart.metrics.memorization import MemorizationInformedDistance
from ganart.metrics.precision_recall import PrecisionRecall
from ganart.metrics.results import Evaluation, Result
from ganart.metrics.scorer import Scorer
from ganart.metrics.vendi import VendiScore

__all__ = [
    "Authenticity",
    "Comparison",
    "DensityCoverage",
    "Evaluation",
    "FrechetDistance",
    "FrechetDistanceAtInfinity",
    "InceptionScore",
    "KernelDistance",
    "MemorizationInformedDistance",
    "PrecisionRecall",
    "Result",
    "Sample",
    "Score",
    "Scorer",
    "Value",
    "VendiScore",
]
