"""Self-attention over the places of an image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from ganart.errors import UserError


class SelfAttention(nn.Module):
    """Images of features [N, C, H, W] plus γ times what each place gathers from all others; γ begins at 0.

    Zhang et al. 2019, "Self-Attention Generative Adversarial Networks" (arXiv:1805.08318), eq. 1 to 3. Keys and values
    are max-pooled to a quarter of the places, as in the authors' code and in BigGAN, to save memory.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels % 8:
            raise UserError(f"Attention over {channels} channels: it needs a multiple of 8.")
        self.query, self.key = (nn.Conv2d(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)
        for layer in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(layer.weight)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        query = self.query(x).flatten(2)  # [N, C/8, HW]
        key = max_pool2d(self.key(x), 2).flatten(2)  # [N, C/8, HW/4]
        value = max_pool2d(self.value(x), 2).flatten(2)  # [N, C/2, HW/4]
        # Not torch's own attention: its fast kernels have no second derivative, which gradient penalties need.
        weights = (query.transpose(1, 2) @ key).softmax(dim=2)  # [N, HW, HW/4]
        gathered = (value @ weights.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.out(gathered)
