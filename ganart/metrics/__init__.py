"""Scores of generated images, one a file."""

from ganart.metrics.base import Comparison, Features, Score, Value
from ganart.metrics.results import Evaluation, Result
from ganart.metrics.scorer import Scorer
from ganart.parts import export

__all__ = ["Comparison", "Evaluation", "Features", "Result", "Score", "Scorer", "Value"]

__getattr__ = export(__name__, Score)
