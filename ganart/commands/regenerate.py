"""The verb `ganart regenerate`: regeneration of a picture from its origin, and comparison with the file."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from ganart.command_line.arguments import asks, refuse_multirun
from ganart.config.messages import reports_user_errors
from ganart.errors import UserError
from ganart.files.paths import conf_dir, shown

if TYPE_CHECKING:
    import numpy as np

    from ganart.datasets.base import Factor
    from ganart.runs.folder import RunFolder

NEARLY = 8.0
"""Largest mean difference, of 255, between a JPEG and the same picture compressed by another version of the library."""


@hydra.main(config_path=str(conf_dir()), config_name="regenerate", version_base="1.3")
@reports_user_errors
def main(cfg: DictConfig) -> None:
    """Regenerate the picture in `cfg.file` from its origin and compare."""
    regenerate(Path(cfg.file), cfg.run, cfg.output, tuple(cfg.allow_targets))


def regenerate(file: Path, run: str | None, output: str | None, allow: tuple[str, ...] = ()) -> None:
    """Regenerate the picture in `file`, save it as `output` unless that is None, and print whether it is the same.

    Raises:
        UserError: if the pixels differ, or the run that generated it cannot be found.
    """
    from ganart.codecs.image import pixels_hash, save_picture
    from ganart.console import console
    from ganart.generation.painter import Painter, Recipe, device_of
    from ganart.generation.provenance import Size, read_picture, with_channels

    pixels, origin = read_picture(file)
    device = device_of("cpu" if origin.get("device_type") == "cpu" else "auto")
    folder = run_of(file, origin, run)
    painter = Painter(folder, _checkpoint(folder, origin), origin["weights"] == "average", device, allow)
    refuse_unknown(file, origin["labels"], painter.factors)
    recipe, size = Recipe(origin["seed"], origin["labels"], origin["truncation"]), Size.in_origin(origin)
    again = painter.paint(recipe)
    again = size.resample(again) if size else again
    about = painter.origin(recipe, Path(output or file).parent) | (size.as_origin(again) if size else {})
    if output:
        save_picture(again, Path(output).expanduser(), about)
    pixels = with_channels(pixels, again.shape[2])
    found = _file_as_expected(file, pixels, again, origin["pixels_sha256"])
    if pixels_hash(again) == origin["pixels_sha256"] and found is not None:
        console.say(f"{shown(file)}: {found}")
        return
    raise UserError("\n".join([f"{file}: not the same pixels.", *_unlike(file, pixels, again, origin, about)]))


def _file_as_expected(file: Path, pixels: np.ndarray, again: np.ndarray, before: str) -> str | None:
    """Return a sentence if the `pixels` of the file are those of the regenerated picture `again`, else None."""
    from ganart.codecs.image import FORMATS, as_stored, pixels_hash

    if file.suffix != FORMATS["jpg"]:
        return "the same pixels, bit for bit." if pixels_hash(pixels) == before else None
    stored, same = as_stored(again, file.suffix), "the same pixels, bit for bit, before a JPEG was made of them;"
    if stored.shape != pixels.shape:
        return None
    if (stored == pixels).all():
        return f"{same} compressed again they give this file's pixels."
    away = abs(stored.astype(int) - pixels.astype(int)).mean()
    return f"{same} this file's own are {away:.1f} of 255 away from them, on average." if away <= NEARLY else None


def _unlike(
    file: Path, pixels: np.ndarray, again: np.ndarray, origin: dict[str, Any], now: dict[str, Any]
) -> list[str]:
    """Return lines on the differences of pixels and origins."""
    import numpy as np

    from ganart.codecs.image import FORMATS, pixels_hash

    lines = []
    if file.suffix != FORMATS["jpg"] and pixels_hash(pixels) != origin["pixels_sha256"]:
        lines.append("  the file's own pixels were changed after ganart wrote it")
    if again.shape != pixels.shape:
        lines.append(f"  size: the file has {_size(pixels)}, the generator gives {_size(again)}")
    else:
        difference = np.abs(again.astype(int) - pixels.astype(int))
        lines.append(
            f"  {np.mean(difference.max(axis=2) > 0):.1%} of the pixels differ, by at most {difference.max()} of 255"
        )
    return lines + [f"  {what}: was {was}, is {now}" for what, was, now in differences(origin, now)]


def differences(was: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[tuple[str, Any, Any]]:
    """Return (key, old, new) for each difference of two origins; the place of the run does not count."""
    rows = []
    for key in sorted({*was, *now} - {"pixels_sha256", "run", "run_from_here", "audit"}):
        old, new = was.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            rows += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            rows.append((f"{prefix}{key}", old, new))
    return rows


def refuse_unknown(file: Path, labels: dict[str, str | None], factors: list[Factor]) -> None:
    """Raise `UserError` if `labels`, of the origin in `file`, do not fit a generator conditioned on `factors`."""
    classes = {factor.name: factor.classes for factor in factors}
    for factor, name in labels.items():
        if factor not in classes or (name is not None and name not in classes[factor]):
            raise UserError(
                f"{file}: its origin says {factor}={name}, which its run's generator was never conditioned on. "
                "Use the file as `ganart generate` wrote it, or say which run it is of: run=RUN_FOLDER"
            )


def run_of(file: Path, origin: dict[str, Any], run: str | None) -> RunFolder:
    """Return the run that generated `file`: the one that the user names, or one with its configuration or checkpoint.

    Candidates are the run's recorded place relative to the file, then its name in this folder and in all parent folders
    of the file.

    Raises:
        UserError: if none is found, or something of its name that cannot be used, with the reason.
    """
    from ganart.runs.folder import RunFolder

    if run is not None:
        return RunFolder.open(run)
    called_so: list[RunFolder] = []
    around: list[RunFolder] = []
    problems: list[str] = []
    for place in dict.fromkeys(_places(file, origin)):
        is_called_so = place.name == Path(origin["run"]).name
        match _at(place, is_called_so):
            case RunFolder() as folder if _has_written(folder, origin):
                return folder
            case RunFolder() as folder:
                (called_so if is_called_so else around).append(folder)
            case str() as problem:
                problems.append(problem)
    if problems and not called_so:
        raise UserError(
            f"The run that generated it, {origin['run']}, cannot be used: {problems[0]} "
            "If it lies elsewhere, say where: run=RUN_FOLDER"
        )
    if others := [*called_so, *around]:
        return others[0]
    raise UserError(
        f"The run that generated it, {origin['run']}, is found neither from here nor around the file. "
        "Say where it is: run=RUN_FOLDER"
    )


def _at(place: Path, is_called_so: bool) -> RunFolder | str | None:
    """Return the run folder at `place`; or, if it `is_called_so` but cannot be used, the reason; else None."""
    from ganart.runs.folder import RunFolder

    try:
        if not (place.exists() if is_called_so else (place / "config.yaml").is_file()):
            return None
        folder = RunFolder.open(place)
        with (folder.path / "config.yaml").open("rb") as config:
            config.read(1)
        return folder
    except UserError as error:
        return str(error)
    except OSError as error:
        is_there = is_called_so and error.errno != errno.ENAMETOOLONG
        return f"{place} cannot be read: {error.strerror or error}." if is_there else None


def _places(file: Path, origin: dict[str, Any]) -> Iterator[Path]:
    """Yield folders in which the run of `origin` may lie; older versions recorded only an absolute path."""
    here, folder = Path.cwd(), file.absolute().parent
    if "run_from_here" in origin:
        yield folder / Path(origin["run_from_here"]).expanduser()
    for root in (here, here.parent, folder, *folder.parents):
        yield root / origin["run"]
        yield root


def _has_written(folder: RunFolder, origin: dict[str, Any]) -> bool:
    config = hashlib.sha256((folder.path / "config.yaml").read_bytes()).hexdigest()
    return config == origin.get("config_sha256") or _checkpoint_of(folder, origin) is not None


def _checkpoint(folder: RunFolder, origin: dict[str, Any]) -> Path:
    """Return the checkpoint that generated the picture, found by content, or else by name."""
    return _checkpoint_of(folder, origin) or folder.checkpoint(Path(origin["checkpoint"]).name)


def _checkpoint_of(folder: RunFolder, origin: dict[str, Any]) -> Path | None:
    """Return the checkpoint whose hash is that in `origin`, or None; further training may have renamed it."""
    from ganart.runs.checkpoints import sha256_of

    named = folder.checkpoints / Path(origin["checkpoint"]).name
    candidates = [named, *(folder.checkpoints / name for name in folder.kept_checkpoints())]
    return next((f for f in candidates if f.is_file() and sha256_of(f) == origin["checkpoint_sha256"]), None)


def _size(pixels: Any) -> str:
    return "×".join(str(side) for side in pixels.shape)


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Refuse `--multirun`."""
    if not asks(arguments):
        refuse_multirun(arguments, "Name one picture: ganart regenerate FILE.png")
    return arguments
