"""Learning-rate schedules, one a file: pure functions of images seen, so that a resumed run needs no state."""

from ganart.parts import export
from ganart.schedules.base import Schedule

__all__ = ["Schedule"]

__getattr__ = export(__name__)
