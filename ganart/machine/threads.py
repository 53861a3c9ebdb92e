"""How many threads a process computes with: its share of the cores, and of those as many as are fastest at the moment.

Where another process is busy, more threads than free cores wait for each other at every step: two threads on two cores
were measured to train 20 to 40 times slower than one.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from ganart.machine.launch import AT_ONCE

TORCHS_OWN = torch.get_num_threads()
"""What torch begins with: the cores of the machine, or OMP_NUM_THREADS."""

GAIN = 0.95
"""Of the time of fewer threads: more have to be faster than that."""

HOPELESS = 10.0
"""A count that takes so many times as long is not looked at again: the machine is to be measured within a second."""

SECONDS_A_COUNT = 0.12
SECONDS_A_PIECE = 0.02


@dataclass(frozen=True)
class Threads:
    """How many threads, and why."""

    count: int
    reason: str

    def __str__(self) -> str:
        return f"{self.count} thread{'s' if self.count > 1 else ''}{f' ({self.reason})' if self.reason else ''}"


def use(count: int) -> None:
    """Let torch compute with `count` threads from here on."""
    torch.set_num_threads(count)


@contextmanager
def training_here() -> Iterator[None]:
    """Be counted by other processes that look for their share of this machine; compute as before afterwards."""
    before, lock = torch.get_num_threads(), FileLock(_counted() / str(os.getpid()))
    with suppress(OSError, Timeout):
        lock.acquire(blocking=False)
    try:
        yield
    finally:
        use(before)
        lock.release(force=True)


def choose(
    wanted: int | str | None, work: Callable[[int], object], *, most_pictures: int = 32, processes: int = 1
) -> Threads:
    """Choose the number of threads of a training that `processes` of this machine compute together.

    Args:
        wanted: a number, which stands; auto; or None for what torch begins with, as runs have it that are older.
        work: a piece of the training, for a number of pictures, to be measured by.
        most_pictures: as many as the training computes at once.
        processes: of this training, on this machine.
    """
    if wanted is None:
        return Threads(TORCHS_OWN, "")
    if wanted != "auto":
        return Threads(int(wanted), "")
    most, at_once = share(processes)
    count, slower = (most, 1.0) if processes > 1 or most == 1 else fastest(piece_of(work, most_pictures), most)
    reasons = [f"{at_once * processes} processes share {cores()} cores"] if at_once * processes > 1 else []
    reasons += [f"more would be {slower:.1f} times slower at the moment"] if slower > 1 else []
    return Threads(count, ", ".join(reasons))


def share(processes: int = 1) -> tuple[int, int]:
    """How many threads each of the `processes` of a training may have, and how many trainings share this machine."""
    at_once = max(_number_of(AT_ONCE), others_training() - (processes - 1) + 1, 1)
    return max(1, min(TORCHS_OWN, cores() // (at_once * processes))), at_once


def fastest(work: Callable[[], object], most: int) -> tuple[int, float]:
    """Measure `work` with 1, 2, 4 … and `most` threads, within about a second.

    Returns:
        The count that is fastest, and how many times slower `most` threads are than that; above 1 only where they were
        measured, or more threads were seen to make it slower.
    """
    before = torch.get_num_threads()
    best, seconds = 1, {1: math.inf}
    try:
        for count in [*(2**power for power in range(most.bit_length()) if 2**power < most), most]:
            use(count)
            seconds[count] = _seconds(work, give_up=HOPELESS * seconds[best])
            if count == 1 or seconds[count] < GAIN * seconds[best]:
                best = count
            elif seconds[count] > seconds[best]:
                break
    finally:
        use(before)
    return best, max(seconds.values()) / seconds[best] if best < max(seconds) else 1.0


def piece_of(work: Callable[[int], object], most: int) -> Callable[[], object]:
    """`work` on as many pictures, of 2 to `most`, as one thread is done with in some hundredths of a second."""
    before = torch.get_num_threads()
    use(1)
    work(2)
    begun = time.perf_counter()
    work(2)
    seconds = time.perf_counter() - begun
    use(before)
    number = max(2, min(most, int(2 * SECONDS_A_PIECE / max(seconds, 1e-6))))
    return lambda: work(number)


def stand_in(pictures: int) -> object:
    """A piece of work such as a small network's, for what has no training to measure."""
    with torch.no_grad():
        x = torch.ones(pictures, 32, 16, 16)
        for _ in range(8):
            x = torch.nn.functional.conv2d(x, torch.ones(32, 32, 3, 3), padding=1).tanh()
    return x


def cores() -> int:
    """The cores that this process may use: of its affinity and its container's quota."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        mine = min(mine, max(1, math.ceil(int(quota) / int(period))))  # "max" is no number, and no quota
    return mine


def others_training() -> int:
    """How many other processes train on this machine at the moment, as far as they are this user's."""
    number = 0
    for file in _counted().glob("[0-9]*"):
        if file.name == str(os.getpid()):
            continue
        lock = FileLock(file)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            number += 1
        except OSError:
            continue
        else:
            file.unlink(missing_ok=True)  # its process has ended
            lock.release()
    return number


def _counted() -> Path:
    """Where each process that trains holds a lock of its number."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    folder = Path(tempfile.gettempdir()) / f"ganart-{user}"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _seconds(work: Callable[[], object], give_up: float) -> float:
    """Mean seconds of `work`, after a first time that does not count: some things are made ready in it."""
    begun = time.perf_counter()
    work()
    if (first := time.perf_counter() - begun) > give_up:
        return first
    begun, times = time.perf_counter(), 0
    while times < 2 or time.perf_counter() - begun < SECONDS_A_COUNT:
        work()
        times += 1
    return (time.perf_counter() - begun) / times


def _number_of(variable: str) -> int:
    written = os.environ.get(variable, "")
    return int(written) if written.isdecimal() else 0
