"""Nearest neighbours by exhaustive comparison, in blocks that bound the memory for distances."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

BYTES_AT_ONCE = 2**28  # of distances: 670 rows against 100,000


def rows_at_once(num_references: int) -> int:
    """Return the number of queries that are compared with all references at once."""
    return max(1, BYTES_AT_ONCE // (4 * num_references))


def distances(queries: Tensor, references: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield blocks of Euclidean distances from `queries` [M, D] to `references` [N, D]: rows, and distances [m, N].

    Distances come from inner products, whose error grows with the norms; both sides are centred to keep norms small.
    """
    centre = references.mean(dim=0)
    references = references - centre
    count = rows_at_once(len(references))
    for start in range(0, len(queries), count):
        rows = slice(start, min(start + count, len(queries)))
        yield rows, torch.cdist(queries[rows] - centre, references)


def nearest(queries: Tensor, references: Tensor, k: int, *, same: bool = False) -> tuple[Tensor, Tensor]:
    """Return distances [M, k], the smallest first, and positions [M, k] of the `k` nearest references of each query.

    With `same`, queries and references are one set, and no element is its own neighbour. The distances of the found
    pairs are computed from their differences, so that a copy is at distance 0.
    """
    found_distances, found_positions = [], []
    for rows, block in distances(queries, references):
        if same:
            itself = torch.arange(rows.start, rows.stop, device=block.device)
            block[itself - rows.start, itself] = torch.inf
        positions = block.topk(k, dim=1, largest=False).indices
        pairs = queries[rows].unsqueeze(1) - references[positions]  # [m, k, D]
        exact, order = pairs.norm(dim=2).sort(dim=1)
        found_distances.append(exact)
        found_positions.append(positions.gather(1, order))
    return torch.cat(found_distances), torch.cat(found_positions)
