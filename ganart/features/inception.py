"""The Inception network of FID (Heusel et al. 2017, arXiv:1706.08500) and IS (Salimans et al. 2016, 1606.03498)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganart.datasets.base import PictureSet
from ganart.features.base import FeatureNetwork, hash_of_weights
from ganart.images import as_rgb
from ganart.weights import PUBLISHED, check_hash, existing, hub_file, read_tensors, weights_unavailable

WEIGHTS_FILE = "weights-inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d"
"""The first digits of the published file's SHA-256, which torch puts into its name."""


def local_weights(weights: str | None) -> Path | None:
    """Return the file of the weights, `weights` or the downloaded one, if it is on this disk, else None."""
    file = Path(weights).expanduser() if weights else hub_file(WEIGHTS_FILE)
    return file if file.is_file() else None


class Inception(FeatureNetwork):
    """The 2,048 pooled features and the 1,008 logits without bias of the 2015 Inception-v3.

    `weights` is a local file of torch-fidelity's conversion; None takes the one in torch's hub cache, downloaded if
    missing. `antialias=False` resizes as the papers' code does, which comparison with published numbers requires. With
    the published weights, scores are called fid, kid and is; with others (`sha256=null`) fd_inception_<hash> and so on.
    """

    name = "inception"
    num_features = 2048

    def __init__(self, *, weights: str | None = None, antialias: bool = False, sha256: str | None = PUBLISHED) -> None:
        super().__init__()
        self._weights = weights
        self._antialias = antialias
        self._sha256 = SHA256 if sha256 == PUBLISHED else sha256
        self._hash = ""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        from torchmetrics.image.fid import NoTrainInceptionV3

        file = existing(self._weights, WEIGHTS_FILE) if self._weights else local_weights(None)
        if file:
            check_hash(file, self._sha256)
            read_tensors(file)  # torch-fidelity unpickles any content: refuse files that hold code first
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")  # torch-fidelity's warnings about its way of loading the file
            try:
                self.network = NoTrainInceptionV3(
                    "inception-v3-compat",
                    ["2048", "logits_unbiased"],
                    str(file) if file else None,
                    antialias=self._antialias,
                )
            except Exception as error:
                raise weights_unavailable("inception", error, WEIGHTS_FILE) from error
        check_hash(file or hub_file(WEIGHTS_FILE), self._sha256)
        self.requires_grad_(False)
        self._hash = hash_of_weights(self.network)
        if self._sha256 != SHA256:
            self.name = f"inception_{self._hash[:8]}"

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features, logits = self.network._torch_fidelity_forward(as_rgb(pictures).permute(0, 3, 1, 2))
        return features, logits

    def protocol(self) -> dict[str, Any]:
        return {
            "features": "inception-v3-compat",
            "weights_hash": self._hash,
            "antialias": self._antialias,
            "seen_at": "299×299, bilinear as TensorFlow 1",
        }

    def score_name(self, metric: str) -> str:
        return metric if self.name == "inception" else super().score_name(metric)
