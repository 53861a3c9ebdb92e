"""Sources of pictures: a folder or a zip, as one list of files that can be read individually."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ganart.datasets.base import Skipped
from ganart.datasets.reading.encodings import guess, otherwise_type
from ganart.datasets.reading.kinds import Kind, kind_of, looks_like_picture
from ganart.errors import UserError, did_you_mean

MAX_BYTES = 2**30
"""Maximum size of a file; larger files are refused unread."""

MAX_RATIO = 200
"""Maximum compression ratio of a file in a zip beyond a few megabytes: pictures are hardly compressible."""

FEW_BYTES = 2**24

Place = str | zipfile.ZipInfo


@dataclass(frozen=True)
class Entry:
    """One picture file: its `name` ("/"-separated, relative, Unicode NFC), size in bytes, and actual place.

    `stamp` changes with the content: the modification time of a file in ns, the CRC of a file in a zip.
    """

    name: str
    size: int
    stamp: int
    place: Place


@dataclass(frozen=True)
class Listing:
    """The pictures below a root in order of name, the files that look like pictures but cannot be read, and notes."""

    pictures: list[Entry]
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A file as found: `name` is bytes if its encoding is unknown; `problem` is the reason why it cannot be read."""

    name: str | bytes
    size: int = 0
    stamp: int = 0
    place: Place = ""
    problem: str | None = None
    passing: bool = False


def list_pictures(root: Path, encoding: str | None = None) -> Listing:
    """List the pictures below `root`, a folder or a zip.

    Files with the suffix of a picture count as pictures, and files with any other suffix if their first bytes are those
    of one, such as a.png.txt. Broken links, folders that cannot be opened and unreadable formats are skipped with the
    reason; files of other kinds are ignored.

    Args:
        root: the folder or zip.
        encoding: of names that do not declare theirs; None guesses it, with a note.

    Raises:
        UserError: if `root` is missing, is neither folder nor zip, or contains nothing that looks like a picture.
    """
    if not root.exists():
        raise UserError(_missing(root))
    with reader(root) as read:
        found, notes = _decoded(list(_walk(root) if root.is_dir() else _in_zip(root)), encoding)
        shown = [(name, file) for name, file in found if not any(map(_hidden, name.split("/")))]
        sorted_out = [_sort_out(name, file, read) for name, file in _distinct(shown, notes)]
    pictures = [item for item in sorted_out if isinstance(item, Entry)]
    skipped = [item for item in sorted_out if isinstance(item, Skipped)]
    others = [item for item in sorted_out if isinstance(item, str)]
    if not pictures:
        raise UserError(_no_pictures(root, others, skipped))
    return Listing(sorted(pictures, key=lambda entry: entry.name), sorted(skipped, key=lambda row: row.file), notes)


@contextmanager
def reader(root: Path) -> Iterator[Callable[..., bytes]]:
    """Open `root` and yield a thread-safe function that returns the bytes of an entry.

    Its argument `limit` asks for that many bytes from the start only.
    """
    if root.is_dir():
        yield lambda entry, limit=None: _read_file(entry, limit)
    else:
        with _opened_zip(root) as archive:
            yield lambda entry, limit=None: _read_in_zip(archive, entry, limit)


def read_named(root: Path, name: str) -> bytes | None:
    """Return the file called `name` in the zip `root`; None if there is none."""
    with _opened_zip(root) as archive:
        for info in archive.infolist():
            if _tidy(info.filename) == name and not info.is_dir():
                return _read_in_zip(archive, Entry(name, info.file_size, info.CRC, info), None)
    return None


def _opened_zip(root: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(root)
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(
            f"dataset.root={root}: neither a folder nor a zip that can be read ({error}). "
            "Unpack the pictures into a folder, or pack them into a zip again, and name that."
        ) from None


def _read_file(entry: Entry, limit: int | None) -> bytes:
    assert isinstance(entry.place, str)
    with open(entry.place, "rb") as file:
        return file.read(limit) if limit else _whole(file.read(MAX_BYTES + 1))


def _read_in_zip(archive: zipfile.ZipFile, entry: Entry, limit: int | None) -> bytes:
    """Read a file of a zip; checks the declared sizes before, and the actual size while reading."""
    assert isinstance(entry.place, zipfile.ZipInfo)
    packed = max(1, entry.place.compress_size)
    if not limit and entry.size > max(FEW_BYTES, MAX_RATIO * packed):
        times = f"{entry.size / packed:,.0f} times its size"
        raise ValueError(
            f"it unpacks to {times} ({entry.size / 2**20:,.0f} MiB), which no picture does; unpack it first"
        )
    if not limit and entry.size > MAX_BYTES:
        raise ValueError(_TOO_LARGE.format(entry.size / 2**30))
    with archive.open(entry.place) as file:
        return file.read(limit) if limit else _whole(file.read(MAX_BYTES + 1))


def _whole(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise ValueError(_TOO_LARGE.format(len(data) / 2**30))
    return data


_TOO_LARGE = f"the file has {{:.1f}} GiB; at most {MAX_BYTES / 2**30:.0f} GiB is read"


def _sort_out(name: str, file: _Found, read: Callable[..., bytes]) -> Entry | Skipped | str:
    """Return `file` as a picture, as one that cannot be read, or as the name of something else."""
    entry = Entry(name, file.size, file.stamp, file.place)
    kind, reason = kind_of(name)
    if file.problem is not None:
        return name if kind is Kind.OTHER else Skipped(name, file.problem, file.passing)
    if kind is Kind.PICTURE:
        return entry
    if kind is Kind.UNREADABLE:
        return Skipped(name, reason)
    try:
        return entry if looks_like_picture(read(entry, 64)) else name
    except Exception as error:  # damaged zips raise almost any error
        if kind is Kind.OTHER:
            return name
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Skipped(name, problem, isinstance(error, OSError))


# ------------------------------------------------------------------------------------------------------ what there is


def _walk(root: Path) -> Iterator[_Found]:
    seen: dict[str, str] = {}  # folders by real path: links are followed, but no folder is read twice
    failures: list[OSError] = []
    for folder, subfolders, files in os.walk(root, followlinks=True, onerror=failures.append):
        real, inside = os.path.realpath(folder), os.path.relpath(folder, root)
        if real in seen:
            if not _is_cyclic_link(folder, real):
                yield _Found(_raw(inside), problem=f"the same folder as {seen[real]}")
            subfolders.clear()
            continue
        seen[real] = inside
        subfolders[:] = sorted(name for name in subfolders if not _hidden(name))
        for file in sorted(files):
            yield _look_at(Path(folder, file), _raw(os.path.normpath(os.path.join(inside, file))))
    for failure in failures:
        name = os.path.relpath(str(failure.filename), root)
        yield _Found(_raw(name), problem=f"the folder cannot be opened: {failure.strerror}", passing=True)


def _is_cyclic_link(folder: str, real: str) -> bool:
    """Return whether the link `folder` leads to a folder that contains it."""
    return os.path.commonpath([os.path.realpath(os.path.dirname(folder)), real]) == real


def _look_at(path: Path, name: str | bytes) -> _Found:
    try:
        if not path.is_file():
            problem = "the link leads nowhere" if path.is_symlink() else "it is no plain file"
            return _Found(name, problem=problem)
        status = path.stat()
    except OSError as error:
        return _Found(name, problem=error.strerror or str(error), passing=True)
    return _Found(name, status.st_size, status.st_mtime_ns, str(path))


def _raw(name: str) -> str | bytes:
    """Return a name of the file system, as bytes if it is not UTF-8."""
    raw = os.fsencode(name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _in_zip(root: Path) -> Iterator[_Found]:
    with _opened_zip(root) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
    if files and all(info.flag_bits & 1 for info in files):
        raise UserError(f"dataset.root={root}: the zip is locked with a password. Unpack it and name the folder.")
    for info in files:
        yield _Found(_raw_of_zip(info), info.file_size, info.CRC, info)


def _raw_of_zip(info: zipfile.ZipInfo) -> str | bytes:
    """Return the name of a file in a zip, as bytes without the UTF-8 flag, which macOS's Finder omits too."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437")  # undo Python's decoding
    except UnicodeEncodeError:
        return info.filename


# --------------------------------------------------------------------------------------------------- what it is called


def _decoded(files: Sequence[_Found], encoding: str | None) -> tuple[list[tuple[str, _Found]], list[str]]:
    """Return the tidy name of each file, assuming one encoding for all bytes, and notes."""
    raw = [file.name for file in files if isinstance(file.name, bytes)]
    used = encoding or (guess(raw, otherwise="cp437") if raw else "utf-8")
    named = [
        (_tidy(file.name if isinstance(file.name, str) else file.name.decode(used, "replace")), file) for file in files
    ]
    decoded = [(name, file.name) for name, file in named if isinstance(file.name, bytes)]
    if garbled := [(name, bytes_) for name, bytes_ in decoded if "\N{REPLACEMENT CHARACTER}" in name]:
        example, bytes_ = garbled[0]
        said = f"{len(garbled)} file names cannot be read as {used} (e.g. {example})"
    elif decoded and not encoding and used != "utf-8":
        example, bytes_ = decoded[0]
        said = f"{len(raw)} file names do not say their encoding and are read as {used} (e.g. {example})"
    else:
        return named, []
    return named, [f"{said}; if that is wrong: {otherwise_type(bytes_, used)}"]


def _tidy(name: str) -> str:
    """Return the name in composed form (macOS writes é as e + ´), with "/" as separator and without "." and ".."."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _distinct(files: Sequence[tuple[str, _Found]], notes: list[str]) -> Iterator[tuple[str, _Found]]:
    """Yield the files with unique names: the second file of a name is called "name (2)" and so on."""
    taken, shared = {name for name, _ in files}, Counter[str]()
    for name, file in files:
        shared[name] += 1
        own, number = name, shared[name]
        while number > 1 and own in taken:
            path = PurePosixPath(name)
            own = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
            number += 1
        taken.add(own)
        yield own, file
    twice = [name for name, count in shared.items() if count > 1]
    if twice:
        notes.append(f"{len(twice)} names belong to several files (e.g. {twice[0]}): the others are called … (2)")


def _hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _missing(root: Path) -> str:
    siblings = [path.name for path in root.parent.iterdir()] if root.parent.is_dir() else []
    return (
        f"dataset.root={root}: there is no such folder or zip.{did_you_mean(root.name, siblings)} "
        "Type dataset.root=FOLDER or dataset.root=FILE.zip."
    )


def _no_pictures(root: Path, others: Sequence[str], skipped: Sequence[Skipped]) -> str:
    endings = Counter(PurePosixPath(name).suffix.lower() or "no ending" for name in others)
    parts = [f"{count} × {ending}" for ending, count in endings.most_common(5)]
    parts += [f"{row.file}: {row.reason}" for row in skipped[:5]]
    parts += [f"… and {len(skipped) - 5} more that cannot be read"] if len(skipped) > 5 else []
    return (
        f"dataset.root={root}: it holds no picture that can be read (it holds {', '.join(parts) or 'nothing'}). "
        "Pictures are .png, .jpg, .webp, .gif, .tif, .bmp and the like; name the folder or zip they lie in."
    )
