"""The feature network of a user; which network suits which images: Stein et al. 2023 (arXiv:2306.04675)."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn

from ganart.datasets.base import PictureSet
from ganart.errors import UserError
from ganart.features.base import FeatureNetwork, hash_of_weights
from ganart.images import to_model
from ganart.weights import check_hash, existing, read_tensors


class Module(FeatureNetwork):
    """Any torch module from images, float [N, C, H, W] in [−1, 1], to features [N, D] or a pair (features, logits).

    Its scores are called `fd_<name>` and so on. `weights` is the file of a state dictionary, checked by `sha256`.
    """

    def __init__(self, *, network: nn.Module, name: str, weights: str | None = None, sha256: str | None = None) -> None:
        super().__init__()
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in ("inception", "classifier"):
            raise UserError(f"features.name={name}: give it a name of its own, of small letters, digits and _.")
        self.name = name
        self.network = network
        self._weights, self._sha256 = weights, sha256
        self._hash = ""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        if self._weights:
            file = existing(self._weights, "a state dictionary of the network")
            check_hash(file, self._sha256)
            try:
                self.network.load_state_dict(read_tensors(file))
            except RuntimeError as error:
                raise UserError(f"features.weights={file} does not fit the network: {error}") from error
        self.eval().requires_grad_(False)
        self._hash = hash_of_weights(self.network)
        blank = torch.zeros(1, pictures.height, pictures.width, pictures.channels, dtype=torch.uint8)
        try:
            features, _ = self(blank)
        except Exception as error:
            size = f"{pictures.width}×{pictures.height}×{pictures.channels}"
            raise UserError(f"features.network does not take pictures of {size}: {error}") from error
        self.num_features = features.shape[1]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.network(to_model(pictures))
        features, logits = seen if isinstance(seen, tuple) else (seen, seen.new_empty(len(seen), 0))
        if features.ndim != 2:
            raise UserError(f"features.network gives features of shape {tuple(features.shape)}, not [N, D].")
        return features, logits

    def protocol(self) -> dict[str, Any]:
        kind = type(self.network)
        return {"features": f"{kind.__module__}.{kind.__qualname__}", "weights_hash": self._hash}
