"""Samples made of plain arrays, and scores of them by name."""

import numpy as np
import torch

from ganart.metrics import Comparison, Features, Score, Value


def sample(features, logits=None, labels=None, recognised=None) -> Features:
    """One side of a comparison from arrays; what is not given has no columns."""
    features = torch.as_tensor(np.asarray(features), dtype=torch.float32)
    nothing = torch.empty(len(features), 0)
    return Features(
        features,
        nothing if logits is None else torch.as_tensor(logits),
        nothing.long() if labels is None else torch.as_tensor(np.asarray(labels)).long(),
        nothing.long() if recognised is None else torch.as_tensor(np.asarray(recognised)).long(),
    )


def values(score: Score, real, fake) -> dict[str, Value]:
    """The values of `score` by key, for two arrays of features or two samples."""
    sides = (side if isinstance(side, Features) else sample(side) for side in (real, fake))
    return {value.key: value for value in score.compute(Comparison(*sides))}


def gaussian(seed: int, count: int, dim: int, shift: float = 0.0) -> np.ndarray:
    """Draws from N(shift, I), float32."""
    return (np.random.default_rng(seed).normal(size=(count, dim)) + shift).astype(np.float32)
