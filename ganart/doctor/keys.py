"""Advice as command-line overrides: keys of the configuration with raised or lowered values."""

from __future__ import annotations

from ganart.doctor.history import History

FAR = 4.0
"""The ratio of the players' learning rates from which equal rates are advised first."""


def turned(history: History, factor: float, *names: str) -> list[str]:
    """Return one text of overrides: those `names` that the configuration has, at `factor` times their value; or []."""
    changed = [f"{name}={history.keys[name] * factor:.2g}" for name in names if name in history.keys]
    return [" ".join(changed)] if changed else []


def faster(history: History, player: str, other: str) -> list[str]:
    """Return an override that raises the rate of `player`: to that of `other` if it is far below, else fourfold."""
    slow, fast = (history.keys.get(f"optimizer.{name}.lr", 0.0) for name in (player, other))
    return turned(history, fast / slow if 0 < FAR * slow <= fast else FAR, f"optimizer.{player}.lr")


def slower(history: History, player: str, other: str) -> list[str]:
    """Return an override that lowers the rate of `player`: to that of `other` if it is far above, else to a quarter."""
    fast, slow = (history.keys.get(f"optimizer.{name}.lr", 0.0) for name in (player, other))
    return turned(history, slow / fast if 0 < FAR * slow <= fast else 1 / FAR, f"optimizer.{player}.lr")


def stronger_penalty(history: History, factor: float = 10) -> list[str]:
    """Return overrides for all penalties `factor` times as strong; without penalties, R1 and R2 as in the default."""
    return turned(history, factor, *history.penalties) or ["penalty=[r1,r2]"]
