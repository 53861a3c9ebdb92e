"""`ganart regenerate FILE.png`: the same pixels again, or what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig

from ganart.arguments import asks, refuse_multirun, with_path_named
from ganart.complaints import tells_users
from ganart.errors import UserError
from ganart.paths import conf_dir


@hydra.main(config_path=str(conf_dir()), config_name="regenerate", version_base="1.3")
@tells_users
def main(cfg: DictConfig) -> None:
    """Paint `file` again from its own origin and compare."""
    regenerate(Path(cfg.file), cfg.run, cfg.output, tuple(cfg.allow_targets))


def regenerate(file: Path, run: str | None, output: str | None, allow: tuple[str, ...] = ()) -> None:
    """Paint the picture in `file` again, save it as `output` if asked to, and say whether it is the same.

    Raises:
        UserError: if the pixels differ, or the run that painted it cannot be found.
    """
    import numpy as np

    from ganart.console import console
    from ganart.painter import Painter, Recipe, device_of
    from ganart.provenance import pixels_hash, read_png, save_png

    pixels, origin = read_png(file)
    device = device_of("cpu" if origin.get("device_type") == "cpu" else "auto")
    folder = _run_folder(run or origin["run"])
    painter = Painter(folder, _checkpoint(folder, origin), origin["weights"] == "average", device, allow)
    recipe = Recipe(origin["seed"], origin["labels"], origin["truncation"])
    again = painter.paint(recipe)
    if output:
        save_png(again, Path(output).expanduser(), painter.origin(recipe))
    if pixels_hash(again) == origin["pixels_sha256"] == pixels_hash(pixels):
        console.print(f"{file}: the same pixels, bit for bit.", soft_wrap=True)
        return
    lines = [f"{file}: not the same pixels."]
    if pixels_hash(pixels) != origin["pixels_sha256"]:
        lines.append("  the file's own pixels were changed after ganart wrote it")
    if again.shape != pixels.shape:
        lines.append(f"  size: the file has {_size(pixels)}, the generator paints {_size(again)}")
    else:
        difference = np.abs(again.astype(int) - pixels.astype(int))
        lines.append(
            f"  {np.mean(difference.max(axis=2) > 0):.1%} of the pixels differ, by at most {difference.max()} of 255"
        )
    lines += [f"  {what}: was {was}, is {now}" for what, was, now in differences(origin, painter.origin(recipe))]
    raise UserError("\n".join(lines))


def differences(was: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[tuple[str, Any, Any]]:
    """What two origins disagree on; where the run lies is not part of it."""
    rows = []
    for key in sorted({*was, *now} - {"pixels_sha256", "run", "audit"}):
        old, new = was.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            rows += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            rows.append((f"{prefix}{key}", old, new))
    return rows


def _run_folder(path: str) -> Any:
    from ganart.run_folder import RunFolder

    try:
        return RunFolder.open(path)
    except UserError as error:
        raise UserError(
            f"The run that painted it is not at {path} any more. Say where it is: run=RUN_FOLDER"
        ) from error


def _checkpoint(folder: Any, origin: dict[str, Any]) -> Path:
    """The checkpoint that painted it: by name, or, where training went on since, whichever has the same content."""
    from ganart.run_folder import sha256_of

    named = folder.checkpoints / Path(origin["checkpoint"]).name
    candidates = [named, *(folder.checkpoints / name for name in folder.kept_checkpoints())]
    for file in candidates:
        if file.is_file() and sha256_of(file) == origin["checkpoint_sha256"]:
            return file
    return folder.checkpoint(Path(origin["checkpoint"]).name)


def _size(pixels: Any) -> str:
    return "×".join(str(side) for side in pixels.shape)


def prepare_arguments(arguments: list[str]) -> list[str]:
    """`ganart regenerate FILE.png`: the one argument that is no key=value."""
    if asks(arguments):
        return arguments
    refuse_multirun(arguments, "Name one picture: ganart regenerate FILE.png")
    return with_path_named(arguments, "file")
