"""Fréchet distance: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule" (1706.08500), eq. 6."""

from torch import Tensor
from torchmetrics.image.fid import FrechetInceptionDistance

from ganart.metrics.base import Features, Score


class FrechetDistance(Score):
    """‖μ − μ′‖² + Tr(Σ + Σ′ − 2(ΣΣ′)^½) of Gaussians fitted to real and generated features."""

    key = "fid"
    lower_is_better = True

    def reset(self, num_features: int, num_images: int, device: str, *, synchronize: bool) -> None:
        network = Features(num_features)
        self._device = "cpu" if device.startswith("mps") else device  # Apple's GPUs have no float64
        self._metric = FrechetInceptionDistance(feature=network, sync_on_compute=synchronize).to(self._device)

    def update(self, features: Tensor, logits: Tensor, *, real: bool) -> None:
        self._metric.update(features.to(self._device).double(), real=real)

    def compute(self) -> tuple[float, float | None]:
        return float(self._metric.compute()), None
