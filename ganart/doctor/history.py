"""Snapshots of a training as the doctor sees them, their history, and the keys that could be turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

MOST_SNAPSHOTS = 64
"""How many snapshots are kept: rules look back a few windows, or for the best of late."""


@dataclass(frozen=True)
class Snapshot:
    """What was measured up to one moment of a training: `values` by the names they have in metrics.csv.

    Beside those there are the numbers of `derived` or, of a look at generated pictures, those of
    `ganart.doctor.view` and, as `score` and `times_floor`, the first score.
    """

    images_seen: int
    values: Mapping[str, float]


@dataclass
class History:
    """The snapshots of a training, the latest last, and `keys`: what of its configuration could be turned."""

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
        """The keys that say how strong each penalty is: `penalty.r1.gamma`, say."""
        return [name for name in self.keys if name.startswith("penalty.")]

    def series(self, name: str) -> list[float]:
        """All values of `name` so far, the latest last; snapshots that lack it are passed over."""
        return [snapshot.values[name] for snapshot in self.snapshots if name in snapshot.values]

    def state_dict(self) -> list[dict[str, Any]]:
        return [{"images_seen": snapshot.images_seen, "values": dict(snapshot.values)} for snapshot in self.snapshots]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        self.snapshots = [Snapshot(**snapshot) for snapshot in state]


def derived(values: Mapping[str, float], keys: Mapping[str, float], ignorance: float | None) -> dict[str, float]:
    """What the rules read off the numbers of a window, whatever the loss.

    gap         mean logit of real pictures minus that of generated ones
    penalties   the sum of what the penalties cost the discriminator
    slope       ‖∇D‖ at the pictures, the largest that a penalty measures; 0 where there is none
    ignorance   the least loss of a discriminator that gives every picture the same logit: 2 ln 2 with the
                non-saturating loss, ln 2 with the relativistic one; Wasserstein's has no best loss to compare with
    told_apart  1 − loss / ignorance, how well the discriminator tells real from generated pictures: 0 is no better
                than ignorance, 1 a loss of zero; below 0 it would do better to know nothing

    A number that this window cannot give is left out: penalties are not taken at each update.
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
    """√(cost / strength) is ‖∇D‖ − 1 for λ · (‖∇D‖ − 1)² (WGAN-GP, DRAGAN) and ‖∇D‖ / √2 for γ/2 · ‖∇D‖² (R1, R2).

    Near enough to tell 1 from 10.
    """
    strengths = {f"penalties/{key.split('.')[1]}": value for key, value in keys.items() if key.startswith("penalty.")}
    slopes = [sqrt(cost / strengths[name]) for name, cost in costs.items() if strengths.get(name, 0) > 0]
    return max(slopes, default=0.0)
