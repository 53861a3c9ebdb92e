"""A small classifier of the data set's labels: features for scores where Inception's weights are not available.

It learns only from this data set, so its distances compare runs on the same data; they are not FID, nor called so.
Bińkowski et al. 2018 (arXiv:1801.01401) score digits by a classifier of digits, a LeNet.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganart.console import progress
from ganart.datasets.base import UNKNOWN, PictureSet, Split
from ganart.errors import NoLabelsError
from ganart.features.base import PIXELS_AT_ONCE, FeatureNetwork, code_of, hash_of_weights, pictures_at_once
from ganart.files.store import cached
from ganart.images import to_model
from ganart.machine.hardware import cpu_has_bfloat16
from ganart.seeds import mix

LARGEST_JOINT = 4096
"""Most joint classes with a logit each; four factors of fifty classes would be six million logits per picture."""

FEWEST_AT_ONCE = 16
"""Least batch size in training, for batch normalization, however large the pictures are."""

WEAK = 1 / 3
"""The least share of the labels missed by always naming the largest class that a classifier must get right."""


class Classifier(FeatureNetwork):
    """Strided 3×3 convolutions with batch normalization, one softmax head per factor; 128 penultimate features.

    It is trained once per data set on its training split (`images` pictures in all, shifted by up to an eighth) and
    cached; for pictures larger than 128×128 the batch is smaller than `batch_size`, to bound memory. The logits are
    those of the joint class (style × subject …), factors taken as independent given the picture; beyond `LARGEST_JOINT`
    classes, those of the factor with the most classes.
    """

    name = "classifier"
    num_features = 128

    def __init__(
        self,
        *,
        images: int = 200_000,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        seed: int = 0,
        reason: str = "as asked",
    ) -> None:
        super().__init__()
        self._settings = {"images": images, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
        self.accuracy: dict[str, float] = {}
        """Accuracy by factor on held-out images, or on training images where none are held out."""
        self.chance: dict[str, float] = {}
        """Accuracy by factor of always naming the largest class, on the same images."""
        self.reason = reason
        self.has_held_out = False
        """True if `accuracy` and `chance` are of held-out images."""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        sizes = [len(factor.classes) for factor in pictures.factors]
        if not any(size > 1 for size in sizes):
            raise NoLabelsError(
                f"features=classifier learns from labels, and dataset {pictures.name} has none.\n"
                "Sort the pictures into one folder per class, give dataset.labels=FILE.csv, or get the weights for "
                "features=inception."
            )
        with torch.random.fork_rng(devices=[]):  # drawing initial weights must not change the global random state
            self.trunk = _trunk(pictures.channels, min(pictures.height, pictures.width), self.num_features)
            self.heads = nn.ModuleList(nn.Linear(self.num_features, size) for size in sizes)
        self._factors = [factor.name for factor in pictures.factors]
        self.has_held_out = len(pictures.test) > 0
        self._is_joint = math.prod(sizes) <= LARGEST_JOINT
        self._largest = sizes.index(max(sizes))
        key = self._key(pictures)
        cached("classifiers", key, ".pt", lambda file: self._make(file, pictures, device), self._load)
        self._hash = hash_of_weights(self)
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(to_model(pictures, channels_last=True))
        if not self._is_joint:
            return features, self.heads[self._largest](features).log_softmax(1)
        joint = torch.zeros(len(features), 1, device=features.device)
        for head in self.heads:
            joint = (joint.unsqueeze(2) + head(features).log_softmax(1).unsqueeze(1)).flatten(1)
        return features, joint

    def recognise(self, features: Tensor) -> Tensor:
        """Return the most likely class of each factor, int64 [N, F], for features [N, 128]."""
        return torch.stack([head(features).argmax(dim=1) for head in self.heads], dim=1)

    def protocol(self) -> dict[str, Any]:
        facts = {"weights_hash": self._hash, "accuracy": self.accuracy, "chance": self.chance}
        classes = {} if self._is_joint else {"classes": self._factors[self._largest]}
        return {"features": "classifier", **facts, **classes}

    # ---------------------------------------------------------------------------------------------- training it once

    def _key(self, pictures: PictureSet) -> str:
        """Return all that the trained network depends on, as text."""
        code = code_of(self, beside=("ganart.seeds",))
        return json.dumps([code, pictures.split_hash, self._settings], sort_keys=True)

    def _make(self, file: Path, pictures: PictureSet, device: torch.device) -> None:
        self._train(pictures, device)
        content = io.BytesIO()  # on a full disk, torch.save to a file raises an error that does not name the cause
        torch.save({"network": self.state_dict(), "accuracy": self.accuracy, "chance": self.chance}, content)
        file.write_bytes(content.getbuffer())

    def _load(self, file: Path) -> None:
        state = torch.load(file, map_location="cpu", weights_only=True)
        self.load_state_dict(state["network"])
        self.accuracy, self.chance = state["accuracy"], state["chance"]

    def _train(self, pictures: PictureSet, device: torch.device) -> None:
        settings = self._settings
        at_once = max(FEWEST_AT_ONCE, PIXELS_AT_ONCE // (pictures.height * pictures.width))
        batch_size, gpus = min(int(settings["batch_size"]), at_once), [device] if device.type == "cuda" else []
        steps = max(1, int(settings["images"]) // batch_size)
        title = f"training a classifier on {pictures.name}"
        with torch.random.fork_rng(devices=gpus), progress(title, steps) as advance:
            torch.manual_seed(mix("classifier", int(settings["seed"])))
            for layer in self.modules():
                if isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
                    layer.reset_parameters()
            self.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
            optimizer = torch.optim.AdamW(self.parameters(), weight_decay=1e-2)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings["learning_rate"], total_steps=steps)
            for _ in range(steps):
                self._update(optimizer, pictures.train, torch.randint(len(pictures.train), (batch_size,)), device)
                schedule.step()
                advance(1)
        self.eval()
        split = pictures.test if self.has_held_out else pictures.train
        self.accuracy = dict(zip(self._factors, self._accuracy(split, device), strict=True))
        largest = [_largest_share(split.labels_of(np.arange(len(split)))[:, n]) for n in range(len(self._factors))]
        self.chance = dict(zip(self._factors, largest, strict=True))
        self.cpu()

    def _update(self, optimizer: torch.optim.Optimizer, split: Split, indices: Tensor, device: torch.device) -> None:
        images = _shifted(torch.from_numpy(split.pictures(indices.numpy())).to(device))
        labels = torch.from_numpy(split.labels_of(indices.numpy())).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or cpu_has_bfloat16()):
            features = self.trunk(to_model(images, channels_last=True))
            logits = [head(features) for head in self.heads]
        loss = torch.stack(
            [
                nn.functional.cross_entropy(scores.float(), column, ignore_index=UNKNOWN, label_smoothing=0.05)
                for scores, column in zip(logits, labels.unbind(1), strict=True)
                if (column != UNKNOWN).any()
            ]
            or [features.sum() * 0]
        ).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.inference_mode()
    def _accuracy(self, split: Split, device: torch.device) -> list[float]:
        right = torch.zeros(len(self.heads), dtype=torch.float64)
        known = torch.zeros(len(self.heads), dtype=torch.float64)
        for indices in torch.arange(len(split)).split(pictures_at_once(*split.images.shape[1:3])):
            features = self.trunk(
                to_model(torch.from_numpy(split.pictures(indices.numpy())).to(device), channels_last=True)
            )
            labels = torch.from_numpy(split.labels_of(indices.numpy()))
            guesses = self.recognise(features).cpu()
            right += ((guesses == labels) & (labels != UNKNOWN)).sum(0)
            known += (labels != UNKNOWN).sum(0)
        return (right / known.clamp(min=1)).tolist()


def weakness(accuracy: Mapping[str, float], chance: Mapping[str, float]) -> str | None:
    """Return a sentence naming the factors that a classifier hardly recognises; None if there are none.

    Args:
        accuracy: by factor, see `Classifier`.
        chance: by factor, see `Classifier`; 1 for a factor of one class, 0 where no picture has a label.
    """
    weak = [
        f"{name} in {accuracy[name]:.0%} of pictures (always naming the largest class: {by_chance:.0%})"
        for name, by_chance in chance.items()
        if 0 < by_chance < 1 and accuracy[name] - by_chance < WEAK * (1 - by_chance)
    ]
    return f"The classifier recognises {'; '.join(weak)}" if weak else None


def _largest_share(labels: np.ndarray) -> float:
    """Return the share of the most frequent class among the known of labels [N]; 0 where none is known."""
    known = labels[labels != UNKNOWN]
    return float(np.bincount(known).max() / len(known)) if len(known) else 0.0


def _trunk(channels: int, side: int, num_features: int) -> nn.Sequential:
    """Build convolutions that halve the picture until its shorter side is at most 8, then a dense layer."""
    widths, stages = channels, 0
    layers: list[nn.Module] = []
    while side > 8 or stages == 0:
        width = min(128, 32 << stages)
        stages += 1
        layers += [nn.Conv2d(widths, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        widths, side = width, (side + 1) // 2
    layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(widths * 16, num_features), nn.ReLU()]
    return nn.Sequential(*layers)


def _shifted(images: Tensor) -> Tensor:
    """Shift a batch by up to an eighth of its sides, edges repeated, to make the classifier robust to position."""
    height, width = images.shape[1:3]
    down, right = (int(torch.randint(-(side // 8), side // 8 + 1, ())) for side in (height, width))
    rows = torch.arange(height, device=images.device).add(down).clamp(0, height - 1)
    columns = torch.arange(width, device=images.device).add(right).clamp(0, width - 1)
    return images[:, rows][:, :, columns]
