"""Disabling of Lightning's profiler and NVML probe in the loop, whose cost is noticeable for small networks."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

from pytorch_lightning.profilers import PassThroughProfiler

NOTHING: AbstractContextManager[None] = nullcontext()


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
