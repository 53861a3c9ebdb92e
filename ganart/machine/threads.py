"""The number of threads of a process: at most its share of the cores, and of those the count measured as fastest.

While another process is busy, more threads than free cores wait for each other at every step: on two cores, two threads
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
"""Torch's default: the cores of the machine, or OMP_NUM_THREADS."""

GAIN = 0.95
"""More threads are chosen only if they take less than this fraction of the time of fewer."""

HOPELESS = 10.0
"""A count that takes this many times as long is timed only once, so that measuring ends within a second."""

SECONDS_A_COUNT = 0.12
SECONDS_A_PIECE = 0.02


@dataclass(frozen=True)
class Threads:
    """A number of threads, and the reason for it."""

    count: int
    reason: str

    def __str__(self) -> str:
        return f"{self.count} thread{'s' if self.count > 1 else ''}{f' ({self.reason})' if self.reason else ''}"


def use(count: int) -> None:
    """Make torch compute with `count` threads from here on."""
    torch.set_num_threads(count)


@contextmanager
def counted_as_training() -> Iterator[None]:
    """Hold a lock by which other processes count this one as training; restore the number of threads afterwards."""
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
    """Choose the number of threads for a training with `processes` processes on this machine.

    Args:
        wanted: a number, which is kept; "auto"; or None for torch's default, as in older runs.
        work: a part of the training to time, as a function of the number of images.
        most_pictures: the batch size of the training.
        processes: processes of this training on this machine.
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
    """Return the threads for each of the `processes` of a training, and the number of trainings on this machine."""
    at_once = max(_number_of(AT_ONCE), num_other_trainings() - (processes - 1) + 1, 1)
    return max(1, min(TORCHS_OWN, cores() // (at_once * processes))), at_once


def fastest(work: Callable[[], object], most: int) -> tuple[int, float]:
    """Time `work` with 1, 2, 4 … and `most` threads, within about a second.

    Returns:
        The fastest count, and how many times slower the slowest of the larger counts is; 1 if none was measured.
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
    return best, max((spent for count, spent in seconds.items() if count > best), default=seconds[best]) / seconds[best]


def piece_of(work: Callable[[int], object], most: int) -> Callable[[], object]:
    """Return `work` on as many images, 2 to `most`, as one thread processes in about `SECONDS_A_PIECE`."""
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
    """Run eight small convolutions, as work to time where there is no training."""
    with torch.no_grad():
        x = torch.ones(pictures, 32, 16, 16)
        for _ in range(8):
            x = torch.nn.functional.conv2d(x, torch.ones(32, 32, 3, 3), padding=1).tanh()
    return x


def cores() -> int:
    """Count the cores that this process may use, by its affinity and its container's quota."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        mine = min(mine, max(1, math.ceil(int(quota) / int(period))))  # without a quota the word is "max", no number
    return mine


def num_other_trainings() -> int:
    """Count the other processes of this user that are training on this machine."""
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
    """Return the folder in which each training process holds a lock named by its process id."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    folder = Path(tempfile.gettempdir()) / f"ganart-{user}"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _seconds(work: Callable[[], object], give_up: float) -> float:
    """Return the mean seconds of `work` after a warm-up call; the warm-up's time if it exceeds `give_up`."""
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
