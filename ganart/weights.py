"""Files of weights: their places, checks of their hashes, and reading of tensors without code."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from ganart.errors import UserError

PUBLISHED = "published"
"""The value of `sha256` that stands for the hash of the published weights."""


def hub_file(name: str) -> Path:
    """Return the path at which torch.hub keeps a downloaded file of that name."""
    return Path(torch.hub.get_dir()) / "checkpoints" / name


def existing(weights: str, wanted: str) -> Path:
    """Return the file that the user named with `features.weights`.

    Raises:
        UserError: if there is none.
    """
    file = Path(weights).expanduser()
    if file.is_file():
        return file
    raise UserError(
        f"features.weights={weights} is not a file. Give the path of {wanted}, or leave it out to download it, or use "
        "features=classifier, which needs no download."
    )


def check_hash(file: Path, sha256: str | None) -> None:
    """Check a file against its SHA-256 or at least the first 8 digits of it; None takes any file.

    Raises:
        UserError: if they differ, or if `sha256` is not hexadecimal.
    """
    if sha256 is None:
        return
    if not re.fullmatch(r"[0-9a-fA-F]{8,64}", str(sha256)):
        raise UserError(f"features.sha256={sha256}: give the first 8 or more hexadecimal digits of the file's SHA-256.")
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if not found.startswith(sha256.lower()):
        raise UserError(
            f"{file} is not the file of weights that was asked for: its SHA-256 begins with {found[:8]}, not with "
            f"{sha256[:8]}. {_advice_on(file)}, or, if you know what this one is, take it as it is: "
            "features.sha256=null (its scores then carry its hash in their protocol)."
        )


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Return the state dictionary in a file; no code in the file is run.

    Raises:
        UserError: if the file holds anything but tensors, or is damaged.
    """
    try:
        state: Any = torch.load(file, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
        if all(isinstance(value, Tensor) for value in state.values()):
            return state
        problem: object = "it holds more than tensors"
    except Exception as error:  # a damaged file may raise nearly any kind
        problem = "it is damaged, or holds code" if isinstance(error, UnpicklingError) else error
    raise UserError(f"{file} is not a file of weights alone, and is not opened ({problem}). {_advice_on(file)}.")


def _advice_on(file: Path) -> str:
    """Return advice for a wrong or damaged file: a downloaded file can be downloaded again."""
    downloaded = file.absolute().is_relative_to(Path(torch.hub.get_dir()).absolute())
    return "Delete it, and it is downloaded again" if downloaded else "Get the right file"


def weights_unavailable(name: str, error: Exception, file: str) -> UserError:
    """Return the error for a feature network that cannot be built or downloaded."""
    return UserError(
        f"features={name}: the weights could not be had ({error}).\n"
        f"Give a local copy of {file} with features.weights=FILE, or use features=classifier."
    )
