"""Lightning as ganart uses it: its messages in log.txt only, and no profiler or NVML probe in the loop."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import AbstractContextManager, nullcontext

from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.console import console

HINTS = (
    r".*does not have many workers.*",
    r".*`isinstance\(treespec, LeafSpec\)`.*",
    r".*You are using a CUDA device.*Tensor Cores.*",
    r".*this is a plain list of losses.*",
    r".*GPU available but not used.*",
    r".*module\(s\) in eval mode at the start of training.*",
)
"""Patterns of Lightning's advice on settings that ganart has chosen."""

NOTHING: AbstractContextManager[None] = nullcontext()


def silence_libraries() -> None:
    """Send Lightning's messages to the log file only, and silence all processes but the first."""
    console.quiet = not is_first_process()
    logging.raiseExceptions = False  # on a full disk, logging would print a traceback for each line
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for hint in HINTS:
        warnings.filterwarnings("ignore", hint)


def is_first_process() -> bool:
    """Return whether this process is the one that prints and writes; `processes.take_rank` sets it."""
    return getattr(rank_zero_only, "rank", 0) == 0


class NoProfiler(PassThroughProfiler):
    """A profiler without cost: Lightning's default creates a generator for each of some eighty actions per round."""

    def profile(self, action_name: str) -> AbstractContextManager[None]:  # type: ignore[override]
        return NOTHING


def stop_looking_for_gpus() -> None:
    """Make torch's check for a GPU, which Adam calls twice per round, cheap.

    Lightning sets a variable that makes the check load NVIDIA's library each time, to avoid initialising CUDA in a
    process that forks later; ganart's processes do not fork.
    """
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
