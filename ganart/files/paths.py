"""Paths: the Hydra groups, the cache, run folders as the user would type them, disk errors, atomic writing."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Quote, QuotedString

from ganart.errors import PlaceError, UserError

CACHE_ADVICE = "Make room there, or give the cache another place: GANART_CACHE=FOLDER"
RUN_ADVICE = "Make room there, or give the run another place: hydra.run.dir=FOLDER"
OWN_FOLDERS = (("runs",), ("reports",), ("evaluations",), ("audits",), ("outputs",))
"""Default output folders of the commands, relative to the working folder."""

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EIO}


def cache_dir() -> Path:
    """Return `$GANART_CACHE`, else `$XDG_CACHE_HOME/ganart`, else `~/.cache/ganart`."""
    if "GANART_CACHE" in os.environ:
        return Path(os.environ["GANART_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ganart"


def conf_dir() -> Path:
    """Return the folder of the Hydra groups: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def quoted(value: object) -> str:
    """Return `value` as one quoted string of Hydra's override grammar, whatever characters it has."""
    return QuotedString(str(value), Quote.single).with_quotes()


def latest_run(key: str = "run") -> Path:
    """Return the run folder below runs/ whose config.yaml was written last, for `key=latest`.

    Raises:
        UserError: if there is none.
    """
    found = {folder: (folder / "config.yaml").stat().st_mtime for folder in _run_folders(Path("runs"))}
    if not found:
        raise UserError(f"{key}=latest: there is no run below runs/ here. Train one first: ganart train")
    return max(found, key=lambda folder: found[folder])


def _run_folders(start: Path) -> Iterator[Path]:
    for place, below, files in os.walk(start):
        if "config.yaml" in files:
            below.clear()  # folders inside a run folder are not runs
            yield Path(place)


def from_here(path: str | Path) -> str:
    """Return `path` relative to the working folder if that is shorter, else absolute."""
    full = Path(path).expanduser().absolute()
    try:
        way = os.path.relpath(full)
    except ValueError:  # on another drive of Windows
        return str(full)
    return way if len(way) < len(str(full)) else str(full)


def free_name(folder: Path) -> Path:
    """Return FOLDER_2, or the first of FOLDER_3 … that does not exist."""
    return next(place for n in count(2) if not (place := folder.with_name(f"{folder.name}_{n}")).exists())


def unplaced(path: str | Path) -> str:
    """Return `path` relative to the working folder if it lies inside, else its last name, so that it names no user."""
    full, here = Path(path).expanduser().absolute(), Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else full.name


def without_places(value: Any) -> Any:
    """Copy `value` (mappings, lists and plain values) with every absolute path in it `unplaced`."""
    match value:
        case dict():
            return {key: without_places(inner) for key, inner in value.items()}
        case list():
            return [without_places(inner) for inner in value]
        case str() if is_placed(value):
            return unplaced(value)
        case _:
            return value


def is_placed(value: str) -> bool:
    """Return whether `value` is an absolute path or starts at a home folder (`~`)."""
    return value.startswith("~") or Path(value).is_absolute()


def text_without_places(text: str) -> str:
    """Copy a message, a traceback or an override without paths and host names that identify the machine or its user.

    Paths in the working folder, the temporary folder or `sys.path` become relative to it, paths in the home folder
    start with `~`, and any other absolute path is reduced to its last name. Paths with spaces are only handled in the
    first three cases.
    """
    own = (*sys.path, os.getcwd(), tempfile.gettempdir())
    known = {str(Path.home()): "~"} | {str(Path(place).absolute()): "." for place in own if place}
    for place in sorted((place for place in known if len(place) > 1), key=len, reverse=True):
        name = known[place]
        text = text.replace(f"{place}{os.sep}", "" if name == "." else f"{name}/")
        text = re.sub(rf"{re.escape(place)}(?![\w.-])", name, text)
    text = ABSOLUTE.sub(lambda found: found.group().rstrip("/\\").replace("\\", "/").rpartition("/")[2], text)
    host = socket.gethostname()
    return re.sub(rf"\b{re.escape(host)}\b", "HOST", text) if len(host) > 3 and host != "localhost" else text


ABSOLUTE = re.compile(r"(?<![\w.~/\\:<-])(?:/|[A-Za-z]:[\\/])[^\s'\",;:()\[\]{}<>|]+")
"""An absolute path in the middle of a text; addresses (http://…) do not match."""


def shell(*words: object) -> str:
    """Return `words` as one shell command line, each quoted where necessary."""
    return shlex.join(map(str, words))


def shown(path: str | Path, *, is_folder: bool = False) -> str:
    """Return `path` from here, quoted for a shell; a folder ends with a slash."""
    return shell(f"{from_here(path)}{'/' if is_folder else ''}")


@contextmanager
def writing_to(place: Path, advice: str, *, how: str = "written") -> Iterator[None]:
    """Turn the error of a disk that is full, read-only or closed into one sentence: place, reason, `advice`.

    Raises:
        PlaceError: in place of the system's error.
    """
    try:
        yield
    except OSError as error:
        gone = error.errno == errno.ENOENT and not place.exists()
        if not gone and error.errno not in DISK_ERRORS:
            raise
        raise PlaceError(f"{place} cannot be {how}: {_reason(place, error)}. {advice}") from error


def reading_from(place: Path, advice: str) -> AbstractContextManager[None]:
    """Turn the error of a disk that fails or is closed to this user into one sentence, as `writing_to` does."""
    return writing_to(place, advice, how="read")


def _reason(place: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "it has been removed, or nothing can be made there"
    if error.errno != errno.ENOSPC:
        return error.strerror or str(error)
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    return f"the disk is full ({shutil.disk_usage(there).free / 1e6:,.0f} MB free)"


def disk_error_in(error: BaseException | None) -> OSError | None:
    """Return the first disk error in the chain of causes of `error`, if there is one."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            return error
        error = error.__cause__ or error.__context__
    return None


def remove_if_nothing_is_in(folder: Path) -> None:
    """Remove a failed command's output folder and its empty parents if it holds only log.txt, .lock and .hydra."""
    folder, here = folder.absolute(), Path.cwd()
    if here.is_relative_to(folder):
        return
    try:
        if {file.name for file in folder.iterdir()} <= {"log.txt", ".lock", ".hydra"}:
            shutil.rmtree(folder)
            for parent in folder.parents[:2]:
                if parent.is_relative_to(here) and parent.relative_to(here).parts[:1] in OWN_FOLDERS:
                    parent.rmdir()
    except OSError:  # gone already, or in use
        return


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `file` at the end, so that readers see either the old file or the new one.

    If writing fails, the temporary file is removed. The path has the suffix of `file`.
    """
    unfinished = file.with_name(f".{file.stem}.unfinished-{os.getpid()}{file.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)


def write_atomically(file: Path, text: str) -> None:
    """Write `text` so that a reader sees either the old file or the new one, never a part."""
    with replacing(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
