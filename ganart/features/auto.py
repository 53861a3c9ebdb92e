"""The default: FID's Inception (Heusel et al. 2017) if its weights are at hand, else a classifier of the labels."""

from __future__ import annotations

from ganart.features.base import FeatureNetwork
from ganart.features.classifier import Classifier
from ganart.features.inception import Inception, local_weights


def auto(*, weights: str | None = None, antialias: bool = False) -> FeatureNetwork:
    """Return `Inception` if `weights`, or a copy downloaded before, can be read offline, else `Classifier`."""
    if weights or local_weights(None):
        return Inception(weights=weights, antialias=antialias)
    return Classifier(reason="no Inception weights at hand; features.weights=FILE gives fid")
