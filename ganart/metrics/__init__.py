"""Scores of generated pictures."""

from ganart.metrics.base import Score
from ganart.metrics.frechet import FrechetDistance
from ganart.metrics.inception_score import InceptionScore
from ganart.metrics.kernel import KernelDistance
from ganart.metrics.scorer import Result, Scorer

__all__ = ["FrechetDistance", "InceptionScore", "KernelDistance", "Result", "Score", "Scorer"]
