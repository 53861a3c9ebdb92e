"""Checkpoint files: read without running code, and compared with the network that they are for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from ganart.config.build import build_network
from ganart.errors import UserError


def read_checkpoint(file: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors and plain values, never code.

    Raises:
        UserError: if the file is damaged or not a checkpoint of ganart.
    """
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch's own message advises loading it with its code
        raise UserError(
            f"{file} cannot be read as a checkpoint: it is damaged, or holds more than tensors and plain values."
        ) from error
    if not _is_checkpoint(checkpoint):
        raise UserError(f"{file} is not a checkpoint that ganart has written.")
    return checkpoint


def _is_checkpoint(found: Any) -> bool:
    """Return whether `found` has integer counters and weights, none of which claims more bytes than are stored."""
    if not isinstance(found, dict) or not all(isinstance(found.get(key), dict) for key in ("ganart", "state_dict")):
        return False
    weights = found["state_dict"].values()
    return all(isinstance(count, int) for count in found["ganart"].values()) and all(
        isinstance(one, torch.Tensor) and one.untyped_storage().nbytes() >= one.nbytes for one in weights
    )


def refuse_other_shapes(node: DictConfig, weights: Mapping[str, torch.Tensor], file: Path, **building: Any) -> None:
    """Raise `UserError` if the weights of `file` do not fit the network that `node` names, before it is built.

    The shapes come from the meta device, so that a run folder cannot allocate more memory than its checkpoint has.
    """
    with torch.device("meta"):
        try:
            wanted = {name: one.shape for name, one in build_network(node, **building).state_dict().items()}
        except (NotImplementedError, RuntimeError):  # a user's network that reads values of its weights
            return
    found = {name: one.shape for name, one in weights.items()}
    if differing := sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)):
        name = differing[0]
        raise UserError(
            f"{file} does not fit the network in config.yaml: {name} is {_shape(found.get(name))} in the checkpoint, "
            f"and {_shape(wanted.get(name))} in the network ({len(differing)} weights differ)."
        )


def _shape(shape: torch.Size | None) -> str:
    return "not there" if shape is None else f"[{', '.join(map(str, shape))}]"


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
