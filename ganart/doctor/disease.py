"""What a disease of a training is, and what is said of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from ganart.doctor.history import History


@dataclass(frozen=True)
class Diagnosis:
    """What is going wrong, the numbers that led to it, and what to type: `try_` holds command-line overrides."""

    disease: str
    images_seen: int
    says: str
    try_: tuple[str, ...] = ()
    is_over: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the summary; `says` tells what is over."""
        return {
            "disease": self.disease,
            "images_seen": self.images_seen,
            "says": self.says,
            "try": list(self.try_),
        }


class Disease(ABC):
    """One way in which a training goes wrong. A subclass is a frozen dataclass: its fields are its thresholds."""

    name: ClassVar[str]
    """In words, as the user reads it."""

    needs: ClassVar[tuple[str, ...]]
    """The values without which a snapshot says nothing of this disease."""

    windows: ClassVar[int] = 3
    """How many snapshots in a row must show it before it is called a disease, and lack it before it is called over."""

    follows_others: ClassVar[bool] = False
    """Whether it is the usual consequence of those that are not: then their remedies come first."""

    @property
    def key(self) -> str:
        """As loggers and the configuration know it."""
        return self.name.replace(" ", "_")

    @abstractmethod
    def signs(self, history: History) -> str | None:
        """Say in words, with numbers, what the latest snapshot shows of this disease; None if nothing."""

    @abstractmethod
    def remedies(self, history: History) -> list[str]:
        """What to try, as the user would type it, the most promising first."""
