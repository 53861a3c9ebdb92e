"""Advice as the user would type it: keys of the configuration, turned up or down from where they stand."""

from __future__ import annotations

from ganart.doctor.history import History

FAR = 4.0
"""Rates of the two players that differ by this factor are made equal before anything else is tried."""


def turned(history: History, factor: float, *names: str) -> list[str]:
    """One override for all of `names` that the configuration has, each at `factor` times its value; or none."""
    changed = [f"{name}={history.keys[name] * factor:.2g}" for name in names if name in history.keys]
    return [" ".join(changed)] if changed else []


def faster(history: History, player: str, other: str) -> list[str]:
    """The rate of `player` raised to that of `other` where it is far below, fourfold otherwise."""
    slow, fast = (history.keys.get(f"optimizer.{name}.lr", 0.0) for name in (player, other))
    return turned(history, fast / slow if 0 < FAR * slow <= fast else FAR, f"optimizer.{player}.lr")


def slower(history: History, player: str, other: str) -> list[str]:
    """The rate of `player` lowered to that of `other` where it is far above, to a quarter otherwise."""
    fast, slow = (history.keys.get(f"optimizer.{name}.lr", 0.0) for name in (player, other))
    return turned(history, slow / fast if 0 < FAR * slow <= fast else 1 / FAR, f"optimizer.{player}.lr")


def stronger_penalty(history: History, factor: float = 10) -> list[str]:
    """All penalties `factor` times as strong, or the two that the default recipe has where there is none."""
    return turned(history, factor, *history.penalties) or ["penalty=[r1,r2]"]
