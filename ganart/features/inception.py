"""The Inception network of FID (Heusel et al. 2017, arXiv:1706.08500) and IS (Salimans et al. 2016, 1606.03498)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganart.datasets.base import PictureSet
from ganart.errors import UserError
from ganart.features.base import FeatureNetwork, hash_of_weights

WEIGHTS_FILE = "weights-inception-2015-12-05-6726825d.pth"
SIZE_OF_WEIGHTS = "91 MB"


def weights_at_hand(weights: str | None) -> Path | None:
    """The file of the weights if it can be used without a network: the one named, or the one downloaded before."""
    candidates = [Path(weights).expanduser()] if weights else [Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_FILE]
    return next((file for file in candidates if file.is_file()), None)


class Inception(FeatureNetwork):
    """The 2,048 pooled features and the 1,008 logits without bias of the 2015 Inception-v3.

    `weights`: a local file of torch-fidelity's conversion; null looks in torch's hub cache and downloads the file there
    if it is missing. `antialias=False` resizes as the papers' code does, which published numbers need.
    """

    name = "inception"
    num_features = 2048

    def __init__(self, *, weights: str | None = None, antialias: bool = False) -> None:
        super().__init__()
        self._weights = weights
        self._antialias = antialias
        self._hash = ""

    def prepare(self, pictures: PictureSet) -> None:
        from torchmetrics.image.fid import NoTrainInceptionV3

        if self._weights and weights_at_hand(self._weights) is None:
            raise UserError(
                f"features.weights={self._weights} is not a file. Give the path of {WEIGHTS_FILE}, or leave it out to "
                f"download it ({SIZE_OF_WEIGHTS}), or use features=classifier, which needs no download."
            )
        file = weights_at_hand(self._weights)
        if file:
            _refuse_code(file)
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")  # torch-fidelity's own, about how it loads its file
            try:
                self.network = NoTrainInceptionV3(
                    "inception-v3-compat",
                    ["2048", "logits_unbiased"],
                    str(file) if file else None,
                    antialias=self._antialias,
                )
            except Exception as error:
                raise UserError(
                    f"features=inception: the weights could not be had ({error}).\n"
                    f"Give a local copy of {WEIGHTS_FILE} with features.weights=FILE, or use features=classifier."
                ) from error
        self.requires_grad_(False)
        self._hash = hash_of_weights(self.network)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        rgb = _as_rgb(pictures).permute(0, 3, 1, 2)
        features, logits = self.network._torch_fidelity_forward(rgb)
        return features, logits

    def protocol(self) -> dict[str, Any]:
        return {"features": "inception-v3-compat", "weights_hash": self._hash, "antialias": self._antialias}

    def score_name(self, metric: str) -> str:
        return metric


def _refuse_code(file: Path) -> None:
    """torch-fidelity unpickles whatever the file holds: look first whether it is tensors and nothing else."""
    try:
        torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(
            f"features.weights={file} is not a file of weights alone, and is not opened: {error}"
        ) from error


def _as_rgb(pictures: Tensor) -> Tensor:
    """Grey three times; RGBA over white."""
    channels = pictures.shape[3]
    if channels == 1:
        return pictures.expand(-1, -1, -1, 3)
    if channels == 4:
        alpha = pictures[..., 3:].float() / 255
        return (pictures[..., :3].float() * alpha + 255 * (1 - alpha)).round().to(torch.uint8)
    return pictures
