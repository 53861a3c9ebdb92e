"""DINOv2 (Oquab et al. 2023, arXiv:2304.07193) and CLIP (Radford et al. 2021, arXiv:2103.00020), by torch-fidelity.

DINOv2's features agree best with human judgement of 41 generative models (Stein et al. 2023, arXiv:2306.04675).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from ganart.datasets.base import PictureSet
from ganart.errors import UserError
from ganart.features.base import FeatureNetwork, hash_of_weights
from ganart.images import as_rgb
from ganart.weights import PUBLISHED, check_hash, existing, read_tensors, weights_unavailable


class FidelityNetwork(FeatureNetwork):
    """A feature extractor of torch-fidelity's registry; `model` is its name there without the family."""

    family: ClassVar[str]
    layer: ClassVar[str]
    known_sizes: ClassVar[dict[str, int]]

    def __init__(self, *, model: str, weights: str | None = None, sha256: str | None = PUBLISHED) -> None:
        super().__init__()
        if model not in self.known_sizes:
            raise UserError(
                f"features.model={model}: there is no such model. There are: {', '.join(self.known_sizes)}."
            )
        self.model = model
        self.num_features = self.known_sizes[model]
        self.name = f"{self.family}_{model}".replace("-", "")
        self._weights = weights
        self._sha256 = self.published_hash() if sha256 == PUBLISHED else sha256
        self._hash = ""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

        full_name = f"{self.family}-{self.model}"
        file = existing(self._weights, f"the weights of {full_name}") if self._weights else None
        if file:
            check_hash(file, self._sha256)
        with torch.random.fork_rng(devices=[]):
            try:
                self.network = self._extractor(FEATURE_EXTRACTORS_REGISTRY[full_name], full_name, file)
            except UserError:
                raise
            except Exception as error:
                raise weights_unavailable(self.family, error, f"the weights of {full_name}") from error
        self.eval().requires_grad_(False)
        self._hash = hash_of_weights(self.network)

    def _extractor(self, kind: type[nn.Module], full_name: str, file: Path | None) -> nn.Module:
        """Build torch-fidelity's network class `kind` with the weights in `file`; None downloads them."""
        path = str(file) if file else None
        return kind(full_name, [self.layer], feature_extractor_weights_path=path, verbose=False)

    def published_hash(self) -> str | None:
        """Return the SHA-256 of the published file, or None if it is not known."""
        return None

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        (features,) = self.network(as_rgb(pictures).permute(0, 3, 1, 2))
        return features, features.new_empty(len(features), 0)

    def protocol(self) -> dict[str, Any]:
        return {
            "features": f"{self.family}-{self.model}",
            "weights_hash": self._hash,
            "antialias": False,
            "seen_at": "the network's own side, bilinear as TensorFlow 1",
        }


class DINOv2(FidelityNetwork):
    """The class token of a self-supervised vision transformer; torch.hub provides its code and weights."""

    family = "dinov2"
    layer = "dinov2"
    known_sizes: ClassVar = {"vit-s-14": 384, "vit-b-14": 768, "vit-l-14": 1024, "vit-g-14": 1536}

    def __init__(self, *, model: str = "vit-b-14", weights: str | None = None) -> None:
        if weights:
            raise UserError(
                f"features.weights={weights}: DINOv2 is loaded from torch.hub's folder ({torch.hub.get_dir()}), code "
                "and weights. Offline, copy that folder from a machine that has it, and leave features.weights out."
            )
        super().__init__(model=model)


class CLIP(FidelityNetwork):
    """The image encoder of CLIP; `weights` is OpenAI's file or a state dictionary; None downloads OpenAI's file.

    OpenAI's file is a TorchScript archive, and opening one runs the code in it: only the published one is opened. A
    state dictionary, as open_clip keeps them, is read as tensors alone, under any `sha256`. The activation is OpenAI's
    QuickGELU; weights trained with another one would give wrong features.
    """

    family = "clip"
    layer = "clip"
    known_sizes: ClassVar = {"vit-b-32": 512, "vit-b-16": 512, "vit-l-14": 768, "rn50": 1024}

    def __init__(self, *, model: str = "vit-b-32", weights: str | None = None, sha256: str | None = PUBLISHED) -> None:
        super().__init__(model=model, weights=weights, sha256=sha256)

    def _extractor(self, kind: type[nn.Module], full_name: str, file: Path | None) -> nn.Module:
        if file is None or self._sha256 == self.published_hash():
            return super()._extractor(kind, full_name, file)
        from torch_fidelity.feature_extractor_base import FeatureExtractorBase
        from torch_fidelity.feature_extractor_clip import build_model

        state = read_tensors(file)
        if state["text_projection"].shape[1] != self.num_features:
            raise UserError(
                f"features.weights={file} has {state['text_projection'].shape[1]} features, and {full_name} has "
                f"{self.num_features}. Name the model that it is of: features.model={'|'.join(self.known_sizes)}"
            )
        network: Any = kind.__new__(kind)  # its __init__ accepts only TorchScript archives
        FeatureExtractorBase.__init__(network, full_name, [self.layer])
        network.feature_extractor_internal_dtype = torch.float32
        network.model = build_model(state, torch.float32)
        network.resolution = network.model.visual.input_resolution
        return cast(nn.Module, network)

    def published_hash(self) -> str | None:
        from torch_fidelity.feature_extractor_clip import MODEL_METADATA

        return str(MODEL_METADATA[f"clip-{self.model}"]["hash"])
