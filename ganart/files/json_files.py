"""Strict JSON, as other programs read it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganart.files.paths import write_atomically


def write_json(file: Path, facts: Any, *, indent: int | None = 2) -> None:
    """Write `facts` so that a reader sees either the old file or the new one, never a part."""
    write_atomically(file, in_json(facts, indent=indent))


def in_json(facts: Any, *, indent: int | None = None) -> str:
    """Return `facts` as JSON, which has neither NaN nor infinity: numbers that are not finite become null."""
    return json.dumps(_finite(facts), indent=indent, ensure_ascii=False, allow_nan=False)


def _finite(facts: Any) -> Any:
    if isinstance(facts, float):
        return facts if math.isfinite(facts) else None
    if isinstance(facts, Mapping):
        return {key: _finite(value) for key, value in facts.items()}
    if isinstance(facts, list | tuple):
        return [_finite(value) for value in facts]
    return facts
