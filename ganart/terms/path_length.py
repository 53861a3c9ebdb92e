"""Path length regularization: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", eq. 4."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganart.errors import UserError
from ganart.networks.base import Generator
from ganart.play import Pair, Play, Term, refuse_unless_period
from ganart.ranges import refuse_negative


class PathLength(nn.Module, Term):
    """λ · E(‖Jᵀy‖ − a)² for the generator (arXiv:1912.04958, eq. 4): equal steps in the code change images equally.

    J is the Jacobian of the synthesis at a code, y ~ N(0, I) an image divided by √(pixels), and a the moving average of
    the lengths ‖Jᵀy‖, saved with the run. There is one length per sample; for codes of several vectors (one per layer)
    squared norms are averaged over the vectors, as in the authors' code.

    Args:
        weight: λ; 2 in the paper.
        every: period of the term, in generator updates; 4 in the paper.
        decay: weight of the new mean length in `a`; 0.01 in the paper.
        share: used share of the batch; 0.5 in the paper, to save memory.
    """

    full_precision = True
    trained_with = "generator"

    def __init__(self, *, weight: float, every: int = 4, decay: float = 0.01, share: float = 0.5) -> None:
        super().__init__()
        refuse_unless_period(every)
        refuse_negative("weight", weight)
        if not (0 < decay <= 1 and 0 < share <= 1):
            raise UserError(f"decay={decay} and share={share} must be greater than 0 and at most 1.")
        self.weight, self.every, self.decay, self.share = weight, every, decay, share
        self.register_buffer("mean", torch.zeros(()))
        self.mean: Tensor

    def generator(self, pair: Pair, play: Play) -> Tensor:
        generator = play.generator
        if not isinstance(generator, Generator):
            raise UserError(
                "path_length needs a generator with mapping and synthesis (ganart.networks.base.Generator)."
            )
        count = max(1, round(self.share * len(pair.latents)))
        code = generator.mapping(pair.latents[:count], pair.labels[:count])
        if not code.requires_grad:  # a mapping without weights returns the latents, which have no graph
            code = code.detach().requires_grad_()
        lengths = path_lengths(code, generator.synthesis(code))
        with torch.no_grad():
            self.mean.lerp_(play.mean_of_processes(lengths.mean()), self.decay)
        return self.weight * (lengths - self.mean).square()


def path_lengths(code: Tensor, images: Tensor) -> Tensor:
    """Return ‖Jᵀy‖ per sample, [N], for a random y; differentiable in the weights of the synthesis."""
    noise = torch.randn_like(images) / math.sqrt(math.prod(images.shape[2:]))
    (gradient,) = torch.autograd.grad((images * noise).sum(), code, create_graph=True)
    return gradient.square().sum(-1).flatten(1).mean(1).sqrt() if code.ndim > 2 else gradient.square().sum(1).sqrt()
