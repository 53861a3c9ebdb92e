"""A memory budget shared by threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Memory:
    """A budget of `num_bytes`; a request for more gets the whole budget, and so runs alone."""

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
