"""What is done around every round without anybody having asked for it, taken out: small networks feel it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

from pytorch_lightning.profilers import PassThroughProfiler

NOTHING: AbstractContextManager[None] = nullcontext()


class NoProfiler(PassThroughProfiler):
    """Measures nothing at no cost: Lightning's own makes a generator for each of some eighty actions a round."""

    def profile(self, action_name: str) -> AbstractContextManager[None]:  # type: ignore[override]
        return NOTHING


def stop_looking_for_gpus() -> None:
    """Let torch answer from what it knows whether there is a GPU: Adam asks twice a round.

    Lightning makes it look for NVIDIA's library anew each time, so that asking does not start CUDA in a process that
    will fork; ganart's processes do not fork.
    """
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
