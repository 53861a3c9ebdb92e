"""The choice of device, precision and memory layout for this machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from ganart.errors import UserError

ROOM_FOR_IMAGES = 0.25
"""The share of a GPU's free memory that training images may take."""


@dataclass(frozen=True)
class Choice:
    """Device, precision and memory layout of a run."""

    accelerator: str
    precision: str
    channels_last: bool
    reason: str

    def __str__(self) -> str:
        layout = "channels-last" if self.channels_last else "channels-first"
        return f"{self.accelerator}, {self.precision}, {layout} ({self.reason})"


def choose(accelerator: str, precision: str, channels_last: bool | str) -> Choice:
    """Replace each `auto` by the best value for this machine; values set by the user are kept."""
    accelerator = _accelerator(accelerator)
    auto_precision, why = _precision(accelerator)
    return Choice(
        accelerator=accelerator,
        precision=auto_precision if precision == "auto" else str(precision),
        channels_last=True if channels_last == "auto" else bool(channels_last),
        reason=why if precision == "auto" else "as asked",
    )


def _accelerator(wanted: str) -> str:
    if wanted not in ("auto", "gpu"):
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    if wanted == "gpu":
        raise UserError(
            "trainer=gpu: torch sees no GPU here. Use trainer=auto, or install a torch that fits the driver."
        )
    return "cpu"


def _precision(accelerator: str) -> tuple[str, str]:
    if accelerator in ("cuda", "gpu") and torch.cuda.is_available():
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16-mixed", f"{torch.cuda.get_device_name()} computes in bfloat16"
        return "32", f"{torch.cuda.get_device_name()} has no bfloat16"
    if accelerator == "cpu":
        if cpu_has_bfloat16():
            return "bf16-mixed", "this CPU has bfloat16 instructions"
        return "32", "this CPU has no bfloat16 instructions"
    return "32", f"no faster precision is known to be safe on {accelerator}"


def has_room(device: torch.device, num_bytes: int) -> bool:
    """Return whether a data set of `num_bytes` may lie on `device`: a CUDA device, and a quarter of its free memory.

    Networks, their gradients and activations need the rest. On other devices nothing is gained: a CPU has the cache in
    its memory anyway.
    """
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return num_bytes <= free * ROOM_FOR_IMAGES


@contextmanager
def full_float32(device: torch.device) -> Iterator[None]:
    """Compute in deterministic float32: no autocast, no TF32, no cuDNN benchmark.

    The previous settings for matrix products and convolutions are restored afterwards.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False, allow_tf32=False)
    try:
        with torch.autocast(device.type, enabled=False), exact:
            yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def cpu_has_bfloat16() -> bool:
    """Return whether the CPU has bfloat16 instructions; emulation would be slower than float32."""
    flags = {"avx512_bf16", "amx_bf16", "bf16"}  # the last is Arm's
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    words = {word for line in lines if line.lower().startswith(("flags", "features")) for word in line.split()}
    return bool(flags & words)


def cpu_name() -> str:
    """Return the processor's name, for records of cost."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
