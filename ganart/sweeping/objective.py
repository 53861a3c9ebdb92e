"""The objectives of a study: one or two numbers of a run's summary, each with its direction and its protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from omegaconf import DictConfig, ListConfig

from ganart.config.build import build
from ganart.errors import UserError
from ganart.numbers import brief

COSTS = ("seconds_training",)
"""Numbers of the summary, other than scores, that may be minimised."""


@dataclass(frozen=True)
class Objective:
    """A number by its key: that of a metric (`fid`, independent of the features in its full name) or of a cost."""

    key: str
    lower_is_better: bool

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        return "minimize" if self.lower_is_better else "maximize"

    def in_summary(self, summary: Mapping[str, Any]) -> tuple[float, Mapping[str, Any]]:
        """Return its value in the summary of a run, and its protocol together with the score's full name.

        Raises:
            UserError: if it is missing or not finite.
        """
        if self.key in COSTS:
            return float(summary[self.key]), {key: summary[key] for key in ("device", "num_devices")}
        scores = summary.get("scores", {}).items()
        name, row = next(((name, row) for name, row in scores if row["key"] == self.key), (None, None))
        if row is None:
            raise UserError(f"objective={self.key} was not taken: the run ended without it.")
        if row["value"] is None or not math.isfinite(row["value"]):
            raise UserError(f"objective={self.key} came out as no finite number.")
        return float(row["value"]), {"score": name, **row["protocol"]}


def objectives_of(cfg: DictConfig) -> list[Objective]:
    """Return the objectives named by `objective` of a sweep's configuration; null means the first metric.

    Raises:
        UserError: for a number that no run will have, naming those that it will.
    """
    if "scores" not in cfg.callback or not cfg.metric:
        raise UserError("A sweep goes by scores, and there are none to be taken: callback.scores and metric=[…].")
    metrics = build(cfg.metric, allow=cfg.allow_targets)
    known = {key: Objective(key, score.lower_is_better) for score in metrics.values() for key in score.keys}
    known |= {key: Objective(key, lower_is_better=True) for key in COSTS}
    wanted = cfg.objective if isinstance(cfg.objective, ListConfig) else [cfg.objective or next(iter(known))]
    if unknown := [name for name in wanted if name not in known]:
        raise UserError(
            f"objective={','.join(map(str, unknown))} is not among the numbers of these runs: {', '.join(known)}. "
            "Choose one of them, or add its metric=[…]. Names are those of the metrics, whatever the features."
        )
    if not 1 <= len(set(wanted)) == len(wanted):
        raise UserError(f"objective={list(wanted)}: name each number once.")
    return [known[name] for name in wanted]


def same_protocols(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the differences between two lists of protocols of the same objectives, in words; None if equal."""
    differing = []
    for one, other in zip(before, now, strict=True):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                differing.append(f"{key} {brief(one.get(key))} → {brief(other.get(key))}")
    return ", ".join(differing) or None
