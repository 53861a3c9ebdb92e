"""Optional methods of callbacks beside Lightning's hooks: preparation, findings, a report and an exit status."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import torch

from ganart.console import remark
from ganart.datasets.base import PictureSet
from ganart.files.json_files import in_json

log = logging.getLogger(__name__)


@runtime_checkable
class Preparing(Protocol):
    """A callback with work to do before training and its clock begin."""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Prepare for training on `pictures`, on `device`; every process calls it.

        Raises:
            UserError: if the callback cannot do its work with these.
        """


@runtime_checkable
class Finding(Protocol):
    """A callback with entries for summary.json."""

    def findings(self) -> dict[str, Any]:
        """Return keys and values for summary.json, as JSON knows them; called once, when training has ended."""


@runtime_checkable
class Reporting(Protocol):
    """A callback that prints a report below the last line of a finished run."""

    def report(self) -> None:
        """Print the report. The first process calls it, after summary.json is written."""


def findings_of(callbacks: Iterable[Any]) -> dict[str, Any]:
    """Merge the findings of `callbacks`; for repeated keys the last value wins.

    Findings that raise are left out with a remark, because a finished run must not fail at its summary.
    """
    found: dict[str, Any] = {}
    for callback in callbacks:
        if isinstance(callback, Finding):
            try:
                own = callback.findings()
                in_json(own)
            except Exception as error:
                name = type(callback).__name__
                log.exception("%s.findings failed", name)
                remark("note     ", "yellow", f"summary.json lacks the findings of {name}: {error!r}")
            else:
                found |= own
    return found


def exit_status_of(callbacks: Iterable[Any]) -> int:
    """Return the exit status of the command: 0, or the `exit_status` of the callback that stopped the run."""
    return max((getattr(callback, "exit_status", 0) for callback in callbacks), default=0)
