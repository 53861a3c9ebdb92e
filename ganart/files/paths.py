"""Where things lie: the Hydra groups, and what can be made again (decoded data sets, feature networks, statistics)."""

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
"""Where commands write that are not told where to."""

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EIO}


def cache_dir() -> Path:
    """`$GANART_CACHE`, else `$XDG_CACHE_HOME/ganart`, else `~/.cache/ganart`."""
    if "GANART_CACHE" in os.environ:
        return Path(os.environ["GANART_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ganart"


def conf_dir() -> Path:
    """The folder of the Hydra groups: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def quoted(value: object) -> str:
    """`value` as one quoted string of Hydra's override grammar, whatever characters it has."""
    return QuotedString(str(value), Quote.single).with_quotes()


def latest_run(key: str = "run") -> Path:
    """The run folder below runs/ that was begun or gone on with last, which the user asks for as `key`.

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
            below.clear()  # what is in a run folder is no run
            yield Path(place)


def from_here(path: str | Path) -> str:
    """Name `path` as one would type it where the user is: by the way to it from there, if that is shorter."""
    full = Path(path).expanduser().absolute()
    try:
        way = os.path.relpath(full)
    except ValueError:  # on another drive of Windows
        return str(full)
    return way if len(way) < len(str(full)) else str(full)


def free_name(folder: Path) -> Path:
    """FOLDER_2, or the first of FOLDER_3 … that is not there."""
    return next(place for n in count(2) if not (place := folder.with_name(f"{folder.name}_{n}")).exists())


def unplaced(path: str | Path) -> str:
    """Name `path` without saying whose it is: from the working folder where it lies in that, else by its last name."""
    full, here = Path(path).expanduser().absolute(), Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else full.name


def without_places(value: Any) -> Any:
    """Copy `value`, of mappings, lists and plain values, with every absolute path in it `unplaced`."""
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
    """Whether `value` is a path from the root of a disk, or from a home folder."""
    return value.startswith("~") or Path(value).is_absolute()


def text_without_places(text: str) -> str:
    """Copy a message, a traceback or an override without saying whose machine it comes from.

    What lies in the working folder or a folder of Python's is named from there, what lies in the home folder from `~`,
    and any other absolute path by its last name. Where a folder's name has a space, only the first three are sure.
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
"""A path from the root of a disk in the middle of a text; an address (http://…) is none."""


def shell(*words: object) -> str:
    """`words` as one line to type in a shell, each quoted where it has to be."""
    return shlex.join(map(str, words))


def shown(path: str | Path, *, is_folder: bool = False) -> str:
    """`path` from here as a shell takes it, to be pasted after a command; a folder ends with a stroke."""
    return shell(f"{from_here(path)}{'/' if is_folder else ''}")


@contextmanager
def writing_to(place: Path, advice: str, *, how: str = "written") -> Iterator[None]:
    """Turn a disk that is full, read-only or closed to this user into one sentence: the place, the reason, `advice`.

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
    """Turn a disk that fails or is closed to this user into one sentence, as `writing_to` does."""
    return writing_to(place, advice, how="read")


def _reason(place: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "it has been removed"
    if error.errno != errno.ENOSPC:
        return error.strerror or str(error)
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    return f"the disk is full ({shutil.disk_usage(there).free / 1e6:,.0f} MB free)"


def disk_error_in(error: BaseException | None) -> OSError | None:
    """The disk's own error among the causes of `error`, if that is what it comes from."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            return error
        error = error.__cause__ or error.__context__
    return None


def remove_if_nothing_is_in(folder: Path) -> None:
    """Remove the output folder of a command that came to nothing: what a command makes before it knows that."""
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
    """Yield a path to write to, which takes the place of `file` at the end: readers see the old file or the new one.

    Nothing is left behind where writing fails. The path has the ending of `file`.
    """
    unfinished = file.with_name(f".{file.stem}.unfinished-{os.getpid()}{file.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)


def write_atomically(file: Path, text: str) -> None:
    """Write `text` so that a reader sees the old file or the new one, never half of it."""
    with replacing(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
