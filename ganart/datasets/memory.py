"""A share of memory that threads take and give back: together they never hold more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Memory:
    """So many bytes; who asks for more than all of them gets all, and works alone."""

    def __init__(self, num_bytes: int) -> None:
        self._total = self._free = num_bytes
        self._changed = Condition()

    @contextmanager
    def room(self, num_bytes: int) -> Iterator[None]:
        """Wait until `num_bytes` are free, and hold them for the block."""
        taken = min(num_bytes, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= taken)
            self._free -= taken
        try:
            yield
        finally:
            with self._changed:
                self._free += taken
                self._changed.notify_all()
