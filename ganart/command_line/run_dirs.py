"""Run folders of commands that resume, also by `resume=auto` the folder of the same earlier command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganart.command_line.arguments import flags_in, is_multirun, overrides_in, values_in
from ganart.errors import UserError
from ganart.files import places
from ganart.files.foreign import read_yaml
from ganart.files.paths import quoted, text_without_places


def with_folder_of_same_command(arguments: list[str]) -> list[str]:
    """Add the folder where the same command ran last, for `resume=auto`; unchanged arguments if there is none."""
    key = "hydra.sweep.dir" if is_multirun(arguments) else "hydra.run.dir"
    other_recipe = any(flag.startswith("--config") or flag in ("-cn", "-cd", "-cp") for flag in flags_in(arguments))
    if key in values_in(arguments) or other_recipe:  # run folders do not record which configuration they came from
        return arguments
    wanted = sorted(without_resume(overrides_in(arguments)))
    for folder in _latest_first("multirun.yaml" if key == "hydra.sweep.dir" else "overrides.yaml"):
        with suppress(UserError):  # skip folders that cannot be read
            if _is_of(folder, wanted):
                return [*arguments, f"{key}={quoted(folder)}"]
    return arguments


def with_folder_to_resume(arguments: list[str]) -> list[str]:
    """Add the folder of the resumed run, which Hydra needs before it begins."""
    values = values_in(arguments)
    wanted = values.get("resume", "null")
    if wanted == "auto" and "hydra.run.dir" not in values:
        return with_folder_of_same_command(arguments)
    if wanted in ("", "null", "auto"):
        return arguments
    # Keys of moved files get ++, because this command's own data set need not have them.
    arguments = [f"++{a}" if a.partition("=")[0] in places.KEYS else a for a in arguments]
    if "hydra.run.dir" in values:
        return arguments
    from ganart.runs.folder import RunFolder

    folder = RunFolder.open(wanted, key="resume").path
    return [*arguments, f"hydra.run.dir={quoted(folder)}"]


def without_resume(overrides: Sequence[str]) -> list[str]:
    return [override for override in overrides if not override.startswith(("resume=", "hydra.", "hydra/"))]


def _latest_first(name: str) -> Iterator[Path]:
    files = sorted(Path("runs").glob(f"*/*/{name}"), key=lambda file: file.stat().st_mtime, reverse=True)
    return (file.parent for file in files)


def _is_of(folder: Path, wanted: Sequence[str]) -> bool:
    """Return whether `folder` was made by a command with the sorted overrides `wanted`.

    The record of a multirun leaves out the places of files; those are compared with its runs' overrides.
    """
    found = sorted(without_resume(_overrides_of(folder)))
    if not (folder / "multirun.yaml").is_file() or found == wanted:
        return found == wanted
    placed = {override for override in wanted if text_without_places(override) != override}
    kept = {override for override in wanted if override not in placed}
    if sorted([*kept, *map(text_without_places, placed)]) != found:
        return False
    if not placed:
        return True
    runs = [[str(one) for one in read_yaml(file) or ()] for file in folder.glob("*/overrides.yaml")]
    return any(all(any(_comes_from(one, typed) for one in run) for typed in placed) for run in runs)


def _comes_from(override: str, typed: str) -> bool:
    """Return whether `override`, of a job, is `typed` or one of the values of a sweep in `typed`."""
    key, _, value = override.partition("=")
    return override == typed or ("," in typed and typed.startswith(f"{key}=") and value.strip("'\"") in typed)


def _overrides_of(folder: Path) -> list[str]:
    """Return the overrides of the command that made the run or multirun in `folder`."""
    if (folder / "multirun.yaml").is_file():
        found: Any = read_yaml(folder / "multirun.yaml")
        for name in ("hydra", "overrides", "task"):
            found = found.get(name) if isinstance(found, dict) else None
    else:
        found = read_yaml(folder / "overrides.yaml")
    return [str(override) for override in found] if isinstance(found, list) else []
