"""The content of a run folder as plain data; every part of it may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ganart.errors import UserError
from ganart.files import foreign
from ganart.files.foreign import is_inside, printable, read_yaml
from ganart.files.paths import without_places
from ganart.numbers import finite, number
from ganart.runs.curves import Curve, read_curves
from ganart.runs.find import by_number

Json = dict[str, Any]

QUOTES = "'\""
PATH = re.compile(r"['\"]?(/|~|[A-Za-z]:[\\/]|\\\\)")
"""Beginning of a value that is an absolute path, with or without Hydra's quotes."""

ENDINGS = {
    "images": "finished",
    "time": "finished by the clock at {place}",
    "steps": "finished by its rounds at {place}",
    "callback": "ended by a callback at {place}",
    "pruned": "ended by its sweep at {place}",
}
"""Texts for each way in which a finished run can have ended."""


@dataclass(frozen=True)
class Run:
    """A run folder, at the path that the user named."""

    path: Path

    @cached_property
    def config(self) -> Json:
        """Every value, as nested mappings, unresolved: a foreign run may refer to this machine's environment."""
        return without_places(mapping(self._yaml("config.yaml")))

    @cached_property
    def recipe(self) -> Json:
        """`config` with derived values still as `${…}`, so that two recipes differ only in values that were set."""
        return without_places(mapping(self._yaml("recipe.yaml"))) or self.config

    @cached_property
    def overrides(self) -> list[str] | None:
        """The words typed after `ganart train`; None if unknown."""
        found = self._yaml("overrides.yaml")
        return [_unplaced(printable(str(override))) for override in found] if isinstance(found, list) else None

    @cached_property
    def dataset(self) -> Json:
        return self._json(self.path / "dataset.json")

    @cached_property
    def summary(self) -> Json:
        return self._json(self.path / "summary.json")

    @cached_property
    def curves(self) -> dict[str, Curve]:
        file = self.path / "metrics.csv"
        return read_curves(file) if is_inside(self.path, file) else {}

    @cached_property
    def protocols(self) -> dict[str, list[tuple[float, Json]]]:
        """The protocols of each score in `curves`, as far as known: (images seen from which it holds, protocol)."""
        found = {}
        for name, rows in self._json(self.path / "protocols.json").items():
            held = [
                (finite(mapping(row).get("images_seen")), mapping(mapping(row).get("protocol"))) for row in items(rows)
            ]
            found[str(name)] = sorted(((seen, how) for seen, how in held if seen is not None), key=lambda one: one[0])
        return found

    @cached_property
    def evaluations(self) -> list[tuple[str, Json]]:
        """Folder name (a time) and summary of each `ganart evaluate` of the run."""
        return [(file.parent.name, self._json(file)) for file in sorted(self._own("evaluations/*/summary.json"))]

    @cached_property
    def samples(self) -> list[tuple[int, Path]]:
        """The sheets of images from the fixed latents: (images seen, file)."""
        files = sorted(self._own("samples/images_*.png"), key=lambda file: by_number(file.name))
        seen = [file.stem.removeprefix("images_") for file in files]
        return [
            (int(digits), file)
            for digits, file in zip(seen, files, strict=True)
            if digits.isascii() and digits.isdecimal() and len(digits) < 16
        ]

    @cached_property
    def contact_sheets(self) -> list[Path]:
        """Sheets of images generated later, the latest last."""
        return sorted(self._own("generated/*/contact_sheet.png"))

    @cached_property
    def nearest_works(self) -> list[Path]:
        """The sheets of the latest audit: generated images beside their nearest training images."""
        sheets = sorted(self._own("audits/*/sheet_*.png"), key=lambda file: (file.parent, by_number(file.name)))
        return [file for file in sheets if file.parent == sheets[-1].parent]

    def _own(self, pattern: str) -> Iterator[Path]:
        """Return the files that match `pattern`, without links that lead out of the folder."""
        return (file for file in self.path.glob(pattern) if is_inside(self.path, file) and file.is_file())

    def _json(self, file: Path) -> Json:
        return read_json(file) if is_inside(self.path, file) else {}

    def _yaml(self, name: str) -> Any:
        """Return the content of a file; None if it is damaged, or a link that leads out of the folder."""
        if not is_inside(self.path, self.path / name):
            return None
        try:
            return read_yaml(self.path / name)
        except UserError:
            return None

    @property
    def images_seen(self) -> float | None:
        """Images seen at the end, or at the last point of its curves."""
        of_summary = number(self.summary.get("images_seen"))
        last = max((curve.x[-1] for curve in self.curves.values()), default=None)
        return of_summary if of_summary is not None else last

    @cached_property
    def failure(self) -> str | None:
        """First line of the reason why it failed; None if it did not, or was resumed since."""
        reason = str(self._json(self.path / "failure.json").get("reason", ""))
        return reason.strip().partition("\n")[0] or None

    @property
    def has_finished(self) -> bool:
        """True if the run has ended for good, so that there is nothing to resume."""
        ended_by = self.summary.get("ended_by")
        return isinstance(ended_by, str) and ended_by in ENDINGS

    @property
    def state(self) -> str:
        """The state of the run in words: how it ended, or how far it is."""
        if self.failure:
            return f"failed: {self.failure}"
        if not self.config:
            return "never began: there is no config.yaml"
        total = number(self.config.get("total_images"))
        place = f"{self.images_seen or 0:,.0f}" + (f" of {total:,.0f}" if total else "") + " images"
        if self.has_finished:
            return ENDINGS[self.summary["ended_by"]].format(place=place)
        if self.summary:
            return f"stopped at {place}"
        return f"no summary yet: {place}, last written {self._last_written}"

    @property
    def _last_written(self) -> str:
        files = [self.path / name for name in ("metrics.csv", "log.txt", "config.yaml")]
        latest = max(file.stat().st_mtime for file in files if file.exists())
        return f"{datetime.fromtimestamp(latest):%Y-%m-%d %H:%M}"


def mapping(value: Any) -> Json:
    """Return `value` if it is a mapping, else {}: for parts of files that may hold anything."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return `value` if it is a list, else []."""
    return value if isinstance(value, list) else []


def read_json(file: Path) -> Json:
    """Return the mapping in `file`; {} if it holds anything else or cannot be read."""
    try:
        return foreign.read_json(file)
    except UserError:
        return {}


def _unplaced(override: str) -> str:
    """Return `override` (key=VALUE) with an absolute path in VALUE `unplaced`, since pages are published."""
    key, equals, value = override.partition("=")
    return f"{key}{equals}{without_places(value.strip(QUOTES))}" if PATH.match(value) else override
