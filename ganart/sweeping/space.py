"""The search space: keys of the configuration with their possible values, in Hydra's override syntax."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from ganart.errors import UserError

Compose = Callable[[Sequence[str]], DictConfig]
"""Function from overrides to the configuration of a run; raises Hydra's errors."""

DIGITS = 5
MOST_VALUES = 10_000
SYNTAX = (
    "choice(a,b,c), range(start,stop,step=1), interval(0.1,1.0), int(interval(1,64)) or tag(log,interval(1e-4,1e-2))"
)


@dataclass(frozen=True)
class Parameter:
    """A key and the distribution of its values."""

    key: str
    written: str
    distribution: BaseDistribution

    @classmethod
    def read(cls, key: str, written: str) -> Parameter:
        """Parse `written` as the values of `key`.

        Raises:
            UserError: if it cannot be parsed, or has fewer than two values.
        """
        try:
            override = OverridesParser.create().parse_override(f"{key}={written}")
        except HydraException as error:
            raise UserError(f"sweep.space.{key}={written} cannot be read. Write {SYNTAX}.\n{error}") from error
        try:
            distribution = _distribution_of(override)
        except ValueError as error:
            raise UserError(f"sweep.space.{key}={written}: {error} Write {SYNTAX}.") from error
        return cls(key, written, distribution)

    @property
    def values(self) -> list[Any]:
        """All values of a finite parameter; the two ends of any other."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return list(d.choices)
        assert isinstance(d, FloatDistribution | IntDistribution)
        if d.step is None or d.log:
            return [d.low, d.high]
        count = round((d.high - d.low) / d.step) + 1
        return [d.low + number * d.step for number in range(count)]

    @property
    def is_finite(self) -> bool:
        d = self.distribution
        return isinstance(d, CategoricalDistribution) or (d.step is not None and not d.log)  # type: ignore[attr-defined]

    def suggest(self, trial: Trial) -> str:
        """Draw a value, as an override."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return self.override(trial.suggest_categorical(self.key, d.choices))
        if isinstance(d, IntDistribution):
            return self.override(trial.suggest_int(self.key, d.low, d.high, step=d.step, log=d.log))
        assert isinstance(d, FloatDistribution)
        return self.override(trial.suggest_float(self.key, d.low, d.high, step=d.step, log=d.log))

    def override(self, value: Any) -> str:
        """Return `value` as an override, floats with `DIGITS` digits: enough to search, short to read and type."""
        return f"{self.key}={value:.{DIGITS}g}" if isinstance(value, float) else f"{self.key}={value}"

    def shuffled_values(self, random: Random) -> Iterator[Any]:
        """Yield all values shuffled, at most `MOST_VALUES` integers; 100 random ones of an interval without steps."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            yield from random.sample(list(d.choices), len(d.choices))
        elif isinstance(d, IntDistribution):
            values = range(d.low, d.high + 1, d.step)
            yield from random.sample(values, min(len(values), MOST_VALUES))
        elif isinstance(d, FloatDistribution) and d.step is not None:
            yield from random.sample(self.values, len(self.values))
        elif isinstance(d, FloatDistribution):
            for _ in range(100):
                share = random.random()
                yield d.low * (d.high / d.low) ** share if d.log else d.low + share * (d.high - d.low)


@dataclass(frozen=True)
class SearchSpace:
    """Parameters in order. A key is used only if the configuration, with the choices made before it, has it.

    So the strength of a penalty is drawn only in trials that have the penalty.
    """

    parameters: tuple[Parameter, ...]

    @classmethod
    def read(cls, node: Mapping[str, Any]) -> SearchSpace:
        """Parse `sweep.space`.

        Raises:
            UserError: if it is empty, or a line cannot be parsed.
        """
        if not node:
            raise UserError(f"sweep.space is empty: nothing to search. Give each key its values: {SYNTAX}.")
        return cls(tuple(Parameter.read(str(key), str(written)) for key, written in node.items()))

    @cached_property
    def as_written(self) -> dict[str, str]:
        return {parameter.key: parameter.written for parameter in self.parameters}

    def suggest(self, trial: Trial, compose: Compose) -> list[str]:
        """Draw the values of `trial`, as overrides."""
        overrides: list[str] = []
        for parameter in self.parameters:
            if why_not(parameter, compose, overrides) is None:
                overrides.append(parameter.suggest(trial))
        return overrides

    def untried(self, tried: Set[tuple[str, ...]], compose: Compose, seed: int = 0) -> dict[str, Any] | None:
        """Return the values of a point whose overrides are not in `tried`; None if there is no other."""
        random = Random(seed)

        def beyond(position: int, overrides: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any] | None:
            if position == len(self.parameters):
                return None if overrides in tried else values
            parameter = self.parameters[position]
            if why_not(parameter, compose, overrides) is not None:
                return beyond(position + 1, overrides, values)
            deeper = (
                beyond(position + 1, (*overrides, parameter.override(value)), {**values, parameter.key: value})
                for value in parameter.shuffled_values(random)
            )
            return next((found for found in deeper if found is not None), None)

        return beyond(0, (), {})

    def check(self, compose: Compose) -> None:
        """Raise `UserError` for a key that no trial will have, and for a choice that cannot be composed."""
        before: list[Parameter] = []
        for parameter in self.parameters:
            contexts = [[], *([f"{p.key}={value}"] for p in before if _is_choice(p) for value in p.values)]
            reasons = [why_not(parameter, compose, context) for context in contexts]
            if None not in reasons:
                raise UserError(
                    f"sweep.space.{parameter.key}: no trial has this key, whatever the choices before it. A key that "
                    f"another one brings, as penalty=choice([r1],[wgan_gp]) brings penalty.r1.gamma, comes after it.\n"
                    f"{reasons[0]}"
                )
            context = contexts[reasons.index(None)]
            for value in parameter.values if _is_choice(parameter) else ():
                try:
                    compose([*context, f"{parameter.key}={value}"])
                except (HydraException, OmegaConfBaseException) as error:
                    reason = str(error).partition("\n")[0]
                    raise UserError(f"sweep.space.{parameter.key}: {value} is no choice. {reason}") from error
            before.append(parameter)

    def grid(self, compose: Compose) -> dict[str, list[Any]]:
        """Return all values of every parameter, by key.

        Raises:
            UserError: if a parameter is not finite, or not present in all trials.
        """
        endless = [parameter.key for parameter in self.parameters if not parameter.is_finite]
        if endless:
            raise UserError(
                f"sampler=grid tries every value, and {', '.join(endless)} has no last one: give it choice(…) or "
                "range(…), or take sampler=random."
            )
        depending = [p.key for p in self.parameters if why_not(p, compose, ()) is not None]
        if depending:
            raise UserError(
                f"sampler=grid needs keys that every trial has; {', '.join(depending)} depends on another choice. "
                "Take sampler=random or sampler=tpe."
            )
        return {parameter.key: parameter.values for parameter in self.parameters}


def why_not(parameter: Parameter, compose: Compose, overrides: Sequence[str]) -> str | None:
    """Return the reason why a configuration with `overrides` lacks the parameter's key; None if it has it."""
    try:
        compose([*overrides, f"{parameter.key}={parameter.values[0]}"])
    except (HydraException, OmegaConfBaseException) as error:
        return str(error).partition("\n")[0]
    return None


def _is_choice(parameter: Parameter) -> bool:
    return isinstance(parameter.distribution, CategoricalDistribution)


def _distribution_of(override: Override) -> BaseDistribution:
    """Return the values of a sweep override as Optuna's distribution.

    Raises:
        ValueError: if it is not a sweep, or has too few values.
    """
    sweep = override.value()
    if isinstance(sweep, ChoiceSweep):
        return _choice([str(value) for value in override.sweep_string_iterator()])
    if isinstance(sweep, RangeSweep):
        return _steps(sweep)
    if isinstance(sweep, IntervalSweep):
        return _interval(sweep)
    raise ValueError("that is one value, and not several to search.")


def _choice(values: list[str]) -> CategoricalDistribution:
    if len(set(values)) < 2:
        raise ValueError("a choice needs two different values.")
    return CategoricalDistribution(values)


def _steps(sweep: RangeSweep) -> FloatDistribution | IntDistribution:
    values = [float(value) for value in sweep.range()]
    if len(values) < 2:
        raise ValueError("this range has no two values.")
    low, high, step = min(values), max(values), abs(float(sweep.step))
    if all(isinstance(number, int) for number in (sweep.start, sweep.stop, sweep.step)):
        return IntDistribution(int(low), int(high), step=int(step))
    return FloatDistribution(low, high, step=step)


def _interval(sweep: IntervalSweep) -> FloatDistribution | IntDistribution:
    low, high, log = sweep.start, sweep.end, "log" in sweep.tags
    if low is None or high is None or low >= high or (log and low <= 0):
        raise ValueError("an interval goes from a smaller number up to a greater one, and on a log scale from above 0.")
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(float(low), float(high), log=log)
