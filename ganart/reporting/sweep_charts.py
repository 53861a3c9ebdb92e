"""Charts of a sweep: history, importances, values over each key and over pairs of keys, parallel coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from ganart.config.naming import tails_of
from ganart.numbers import brief, finite, short
from ganart.reporting.axes import Axis
from ganart.reporting.charts import path_of
from ganart.runs.read import items, mapping, read_json

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 24
MOST_PLANES = 3
SHADES = 5
"""Number of strengths in which trials are drawn; the best fifth is drawn strongest."""


Dot = tuple[float, float, int, str]
"""x, y, strength (0 is the best) and tooltip."""


@dataclass(frozen=True)
class Trial:
    """One trial, as read from study.json; missing parts are None or empty."""

    number: int
    state: str
    reason: str
    value: float | None
    params: dict[str, Any]
    seconds: float | None

    @property
    def says(self) -> str:
        """Number, value or state, and parameters, as a tooltip."""
        tried = ", ".join(f"{key} {brief(value)}" for key, value in self.params.items())
        return f"trial {self.number}: {short(self.value) if self.value is not None else self.state} ({tried})"


@dataclass(frozen=True)
class Scale:
    """Positions for the values of a key: on a numeric axis, or at even distances for names."""

    axis: Axis | None
    names: list[str]
    start: float
    end: float

    @classmethod
    def of(cls, values: Iterable[Any], start: float, end: float, *, log: bool = False) -> Scale:
        """Build a scale that fits `values`: an axis if all are numbers, logarithmic if `log` and all are positive."""
        found = [value for value in values if value is not None]
        numbers = [number for value in found if (number := finite(value)) is not None]
        if not found or len(numbers) < len(found):
            return cls(None, sorted({str(value) for value in found}), start, end)
        low, high = min(numbers), max(numbers)
        axis = Axis(low, high, start, end, is_log=True) if log and 0 < low < high else Axis.fitting(numbers, start, end)
        return cls(axis, [], start, end)

    def place(self, value: Any) -> float | None:
        """Return the position of `value` in units of the drawing; None if it has none."""
        if value is None:
            return None
        if self.axis is not None:
            number = finite(value)
            return self.axis.place(number) if number is not None and self.axis.holds(number) else None
        step = (self.end - self.start) / len(self.names)
        return round(self.start + (self.names.index(str(value)) + 0.5) * step, 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        if self.axis is not None:
            return self.axis.ticks
        return [(self.place(name) or 0.0, name) for name in self.names]


@dataclass(frozen=True)
class Panel:
    """Trials as points over a key, over their number, or over two keys."""

    title: str
    x: Scale
    y: Axis | Scale
    dots: list[Dot]
    path: str = ""


@dataclass(frozen=True)
class Parallel:
    """Trials as lines through one vertical axis per key, with the objective last."""

    width: float
    axes: list[tuple[float, str, list[tuple[float, str]]]]
    """x, name, ticks."""

    lines: list[tuple[str, int, str]]
    """Path, strength, tooltip."""


@dataclass(frozen=True)
class Sweep:
    """All charts and facts about one objective of one study."""

    name: str
    objective: str
    lower_is_better: bool
    counts: list[tuple[str, int]]
    space: dict[str, str]
    best: Trial | None
    importances: list[tuple[str, float]]
    history: Panel | None
    slices: list[Panel] = field(default_factory=list)
    planes: list[Panel] = field(default_factory=list)
    parallel: Parallel | None = None
    failed: list[Trial] = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{self.objective} {'↓' if self.lower_is_better else '↑'}"


def sweeps_in(paths: Sequence[str]) -> list[Sweep]:
    """Return the sweeps found in `paths`, one for each objective."""
    found = []
    for path in paths:
        facts = read_json(Path(path).expanduser() / "study.json")
        for position, goal in enumerate(items(facts.get("objectives"))):
            if mapping(goal).get("key"):
                found.append(_sweep(Path(path).resolve().name, facts, position, mapping(goal)))
    return found


def _sweep(name: str, facts: dict[str, Any], position: int, goal: dict[str, Any]) -> Sweep:
    lower = bool(goal.get("lower_is_better", True))
    trials = [_trial(mapping(row), position) for row in items(facts.get("trials"))]
    done = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    sign = 1 if lower else -1
    ranked = sorted(done, key=lambda trial: sign * (trial.value or 0.0))
    strength = {trial.number: rank * SHADES // len(ranked) for rank, trial in enumerate(ranked)}
    y = Axis.fitting([trial.value for trial in done if trial.value is not None], HEIGHT - BOTTOM, TOP)
    space = {str(key): str(written) for key, written in mapping(facts.get("space")).items()}
    found = items(facts.get("importances"))
    shares = mapping(found[position]) if position < len(found) else {}
    states = ("complete", "pruned", "failed", "running", "waiting")
    return Sweep(
        name=name,
        objective=str(goal.get("name") or goal["key"]),
        lower_is_better=lower,
        counts=[(state, n) for state in states if (n := sum(trial.state == state for trial in trials))],
        space=space,
        best=ranked[0] if ranked else None,
        importances=sorted(_finite_ones(shares), key=lambda share: -share[1]),
        history=_history(trials, done, y, strength, lower) if done else None,
        slices=[panel for key in space if (panel := _slice(key, space, done, y, strength)) is not None],
        planes=_planes(space, [trial for trial in trials if trial.state in ("complete", "pruned")], strength),
        parallel=_parallel(space, ranked, strength, str(goal.get("name") or goal["key"])) if len(done) > 1 else None,
        failed=[trial for trial in trials if trial.state == "failed"],
    )


def _finite_ones(shares: dict[str, Any]) -> list[tuple[str, float]]:
    numbers = {str(key): finite(value) for key, value in shares.items()}
    return [(key, number) for key, number in numbers.items() if number is not None]


def _trial(row: dict[str, Any], position: int) -> Trial:
    values = items(row.get("values"))
    return Trial(
        number=int(finite(row.get("number")) or 0),
        state=str(row.get("state")),
        reason=str(row.get("reason") or "").partition("\n")[0],
        value=finite(values[position]) if position < len(values) else None,
        params=mapping(row.get("params")),
        seconds=finite(row.get("seconds")),
    )


def _history(trials: Sequence[Trial], done: Sequence[Trial], y: Axis, strength: dict[int, int], lower: bool) -> Panel:
    """Draw every complete trial by number, and the best value so far as a line."""
    last = max(trial.number for trial in trials)
    x = Scale(Axis(0.0, float(max(last, 1)), LEFT + 6, WIDTH - RIGHT), [], LEFT + 6, WIDTH - RIGHT)
    best, steps = None, []
    for trial in sorted(done, key=lambda trial: trial.number):
        value = trial.value
        assert value is not None
        place = x.place(trial.number)
        assert place is not None
        if best is None or (value < best if lower else value > best):
            if best is not None:
                steps.append((place, y.place(best)))
            best = value
            steps.append((place, y.place(best)))
    if best is not None:
        steps.append((WIDTH - RIGHT, y.place(best)))
    return Panel("Trial by trial", x, y, _dots(done, lambda trial: x.place(trial.number), y, strength), path_of(steps))


def _slice(key: str, space: dict[str, str], done: Sequence[Trial], y: Axis, strength: dict[int, int]) -> Panel | None:
    having = [trial for trial in done if key in trial.params]
    if len(having) < 2:
        return None
    x = Scale.of([trial.params[key] for trial in having], LEFT + 6, WIDTH - RIGHT, log=_is_log(space[key]))
    return Panel(key, x, y, _dots(having, lambda trial: x.place(trial.params[key]), y, strength))


def _is_log(written: str) -> bool:
    """Return whether a key was searched on a log scale."""
    return written.replace(" ", "").startswith("tag(log,")


def _planes(space: dict[str, str], trials: Sequence[Trial], strength: dict[int, int]) -> list[Panel]:
    """Draw complete and pruned trials over pairs of numeric keys, at most `MOST_PLANES` pairs."""
    numeric = [key for key in space if sum(finite(trial.params.get(key)) is not None for trial in trials) > 1]
    panels = []
    for across, up in list(combinations(numeric, 2))[:MOST_PLANES]:
        having = [trial for trial in trials if {across, up} <= trial.params.keys()]
        x = Scale.of([t.params[across] for t in having], LEFT + 6, WIDTH - RIGHT, log=_is_log(space[across]))
        y = Scale.of([t.params[up] for t in having], HEIGHT - BOTTOM, TOP, log=_is_log(space[up]))
        dots = []
        for trial in sorted(having, key=lambda trial: -strength.get(trial.number, SHADES)):
            place = x.place(trial.params[across]), y.place(trial.params[up])
            if place[0] is not None and place[1] is not None:
                dots.append((place[0], place[1], strength.get(trial.number, SHADES), trial.says))
        if len(dots) > 1:
            panels.append(Panel(f"{up} over {across}", x, y, dots))
    return panels


def _dots(
    trials: Sequence[Trial], across: Callable[[Trial], float | None], y: Axis, strength: dict[int, int]
) -> list[Dot]:
    dots = []
    for trial in sorted(trials, key=lambda trial: -strength[trial.number]):  # the best last, on top
        place = across(trial)
        if place is not None and trial.value is not None and y.holds(trial.value):
            dots.append((place, y.place(trial.value), strength[trial.number], trial.says))
    return dots


def _parallel(space: dict[str, str], ranked: Sequence[Trial], strength: dict[int, int], objective: str) -> Parallel:
    """Draw a line through all keys for each trial; the axes of keys that it lacks are skipped."""
    top, bottom, left, gap = 34.0, 250.0, 110.0, 160.0
    keys = list(space)
    values = {key: [trial.params.get(key) for trial in ranked] for key in keys}
    scales = {key: Scale.of(values[key], bottom, top, log=_is_log(space[key])) for key in keys}
    goal = Scale.of([trial.value for trial in ranked], bottom, top)
    places = {key: left + number * gap for number, key in enumerate([*keys, ""])}
    lines = []
    for trial in reversed(ranked):
        points = [(places[key], scales[key].place(trial.params.get(key))) for key in keys]
        points.append((places[""], goal.place(trial.value)))
        kept = [(x, y) for x, y in points if y is not None]
        lines.append((path_of(kept), strength[trial.number], trial.says))
    names = zip(keys, tails_of(keys), strict=True)
    axes = [(places[key], name, scales[key].ticks) for key, name in names] + [(places[""], objective, goal.ticks)]
    return Parallel(left + len(keys) * gap + 60, axes, lines)
