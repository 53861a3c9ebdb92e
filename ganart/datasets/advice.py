"""Advice before training: few images, classes without training images, no held-out images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ganart.datasets.base import PictureSet


def classes_without_training(pictures: PictureSet) -> dict[str, list[str]]:
    """Return, by factor, the classes without training images: a generator cannot learn them."""
    labels = pictures.labels[pictures.train.rows]
    missing = {
        factor.name: [name for label, name in enumerate(factor.classes) if not np.any(labels[:, column] == label)]
        for column, factor in enumerate(pictures.factors)
    }
    return {name: classes for name, classes in missing.items() if classes}


def before_training(pictures: PictureSet, condition: Sequence[str], batch_size: int) -> Iterator[str]:
    """Yield warnings before a training conditioned on `condition`, each with what to type."""
    for name, classes in classes_without_training(pictures).items():
        if name in condition:
            yield (
                f"no training picture has {name}={', '.join(classes[:5])}{' …' if len(classes) > 5 else ''}: what is "
                "generated for that is not learnt. Hold out fewer (dataset.test_fraction=0), add some, or take the "
                "class out"
            )
    count = len(pictures.train)
    if count < batch_size:
        yield (
            f"{count} training pictures are fewer than batch_size={batch_size}: each batch shows some of them twice. "
            f"Try batch_size={1 << (count.bit_length() - 1)}, and for so few pictures experiment=few_pictures"
        )
    if count >= 2 and not len(pictures.test):
        yield (
            "no picture is held out, so the floors of scores come from halves of the training pictures; for held-out "
            "ones: dataset.test_fraction=0.2, or more pictures"
        )
