"""The interface of diseases, and diagnoses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from ganart.doctor.history import History


@dataclass(frozen=True)
class Diagnosis:
    """A disease, the numbers that show it in `says`, and command-line overrides to try in `try_`."""

    disease: str
    images_seen: int
    says: str
    try_: tuple[str, ...] = ()
    is_over: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the entry for the summary; that a disease is over is part of `says`."""
        return {
            "disease": self.disease,
            "images_seen": self.images_seen,
            "says": self.says,
            "try": list(self.try_),
        }


class Disease(ABC):
    """One way in which training fails. A subclass is a frozen dataclass whose fields are its thresholds."""

    name: ClassVar[str]
    """The name in words, for users."""

    needs: ClassVar[tuple[str, ...]]
    """The values that a snapshot must have to be examined for this disease."""

    windows: ClassVar[int] = 3
    """Number of consecutive snapshots that must show it before it is diagnosed, or lack it before it is over."""

    is_setting: ClassVar[bool] = False
    """Whether it is a value of the configuration that is wrong: those are told before all that they may lead to."""

    follows_others: ClassVar[bool] = False
    """True if it is usually a consequence of diseases that are not: then their remedies come first."""

    @property
    def key(self) -> str:
        """The name for loggers and the configuration."""
        return self.name.replace(" ", "_")

    @abstractmethod
    def signs(self, history: History) -> str | None:
        """Return a sentence, with numbers, on the signs of this disease in the latest snapshot; None without signs."""

    @abstractmethod
    def remedies(self, history: History) -> list[str]:
        """Return command-line overrides to try, the most promising first."""
