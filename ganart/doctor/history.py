"""Snapshots of a run, their history, and numbers derived from losses and penalties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

MOST_SNAPSHOTS = 64
"""Number of snapshots that are kept; rules look back a few windows only."""


@dataclass(frozen=True)
class Snapshot:
    """Measurements of one window of a run: `values` by their names in metrics.csv.

    Beside those there are the numbers of `derived` or, in a snapshot of generated images, those of `ganart.doctor.view`
    and, as `score` and `times_floor`, the first score.
    """

    images_seen: int
    values: Mapping[str, float]


@dataclass
class History:
    """The snapshots of a run, the latest last, and `keys`: values of its configuration that advice may change."""

    keys: Mapping[str, float] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)

    def add(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        del self.snapshots[:-MOST_SNAPSHOTS]

    @property
    def now(self) -> Mapping[str, float]:
        """The values of the latest snapshot."""
        return self.snapshots[-1].values

    @property
    def images_seen(self) -> int:
        return self.snapshots[-1].images_seen

    @property
    def penalties(self) -> list[str]:
        """The keys of the penalties' strengths, for example `penalty.r1.gamma`."""
        return [name for name in self.keys if name.startswith("penalty.")]

    def series(self, name: str) -> list[float]:
        """Return all values of `name` so far, the latest last; snapshots without it are skipped."""
        return [snapshot.values[name] for snapshot in self.snapshots if name in snapshot.values]

    def state_dict(self) -> list[dict[str, Any]]:
        return [{"images_seen": snapshot.images_seen, "values": dict(snapshot.values)} for snapshot in self.snapshots]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        self.snapshots = [Snapshot(**snapshot) for snapshot in state]


def derived(values: Mapping[str, float], keys: Mapping[str, float], ignorance: float | None) -> dict[str, float]:
    """Return the numbers that the rules need, comparable across losses, from the values of a window.

    gap         mean logit of real images minus that of generated ones
    penalties   sum of the penalties on the discriminator
    slope       ‖∇D‖ at the images, the largest that a penalty measures; 0 without such a penalty
    ignorance   constant-logit loss, the least loss of a discriminator with the same logit for every image: 2 ln 2 for
                the non-saturating loss, ln 2 for the relativistic one; Wasserstein's has none
    told_apart  1 − loss / ignorance, the skill of the discriminator: 1 at a loss of zero, 0 at the constant-logit loss,
                negative above that

    Numbers that a window lacks are left out: penalties, for example, are not computed at each update.
    """
    numbers: dict[str, float] = {}
    costs = {name: value for name, value in values.items() if name.startswith("penalties/")}
    if costs or not any(key.startswith("penalty.") for key in keys):
        numbers |= {"penalties": sum(costs.values()), "slope": _slope(costs, keys)}
    if "players/logits_real" in values and "players/logits_fake" in values:
        numbers["gap"] = values["players/logits_real"] - values["players/logits_fake"]
    if ignorance is not None and "players/discriminator_adversarial" in values:
        numbers |= {"ignorance": ignorance, "told_apart": 1 - values["players/discriminator_adversarial"] / ignorance}
    return numbers


def _slope(costs: Mapping[str, float], keys: Mapping[str, float]) -> float:
    """Estimate ‖∇D‖ as √(cost / strength), the largest over penalties; 0 without penalties.

    It is ‖∇D‖ − 1 for λ · (‖∇D‖ − 1)² (WGAN-GP, DRAGAN) and ‖∇D‖ / √2 for γ/2 · ‖∇D‖² (R1, R2): accurate enough to
    distinguish 1 from 10.
    """
    strengths = {f"penalties/{key.split('.')[1]}": value for key, value in keys.items() if key.startswith("penalty.")}
    slopes = [sqrt(cost / strengths[name]) for name, cost in costs.items() if strengths.get(name, 0) > 0]
    return max(slopes, default=0.0)
