"""Where pictures lie: a folder or a zip, seen as the same list of files that can be read one by one."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ganart.datasets.settings import nearest
from ganart.errors import UserError

ENDINGS = {
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
    *(".tga", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".avif", ".heic", ".heif", ".ico", ".pcx", ".qoi"),
    *(".dds", ".psd"),
}
"""What a picture's name ends in, in lower case. Other files are none of ours and are passed over in silence."""

MAX_BYTES = 2**30
"""A larger file is refused unread: a small zip can claim to hold more than the memory does."""


@dataclass(frozen=True)
class Entry:
    """One picture file: its `name` ("/"-separated, relative, Unicode NFC), size in bytes, and where it really lies.

    `stamp` changes when the content does: the modification time of a file in ns, the CRC of a file in a zip.
    """

    name: str
    size: int
    stamp: int
    place: str


def list_pictures(root: Path) -> list[Entry]:
    """Return the picture files below `root`, a folder or a zip, in order of name.

    Raises:
        UserError: if `root` is missing, is neither folder nor zip, or holds no picture.
    """
    if not root.exists():
        raise UserError(_missing(root))
    found = list(_walk(root)) if root.is_dir() else _in_zip(root)
    pictures = {entry.name: entry for entry in found if PurePosixPath(entry.name).suffix.lower() in ENDINGS}
    if not pictures:
        raise UserError(_no_pictures(root, found))
    return [pictures[name] for name in sorted(pictures)]


@contextmanager
def reader(root: Path) -> Iterator[Callable[[Entry], bytes]]:
    """Open `root` and give a function, safe to call from several threads, that returns the bytes of an entry."""
    if root.is_dir():
        yield lambda entry: Path(_bounded(entry).place).read_bytes()
    else:
        with zipfile.ZipFile(root) as archive:
            yield lambda entry: archive.read(_bounded(entry).place)


def _bounded(entry: Entry) -> Entry:
    """Return `entry` if it is small enough to be read whole."""
    if entry.size > MAX_BYTES:
        raise ValueError(f"the file has {entry.size / 2**30:.1f} GiB; at most {MAX_BYTES / 2**30:.0f} GiB is read")
    return entry


def _walk(root: Path) -> Iterator[Entry]:
    seen: set[str] = set()  # folders by their real path: links are followed, but not in circles
    for folder, subfolders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not _hidden(name))
        for file in files:
            path = Path(folder, file)
            if not _hidden(file) and path.is_file():
                status = path.stat()
                name = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
                yield Entry(_nfc(name), status.st_size, status.st_mtime_ns, str(path))


def _in_zip(root: Path) -> list[Entry]:
    try:
        with zipfile.ZipFile(root) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(
            f"dataset.root={root}: neither a folder nor a zip that can be read ({error}). "
            "Unpack the pictures into a folder, or pack them into a zip again, and name that."
        ) from None
    if files and all(info.flag_bits & 1 for info in files):
        raise UserError(f"dataset.root={root}: the zip is locked with a password. Unpack it and name the folder.")
    named = [(_zip_name(info), info) for info in files]
    return [
        Entry(name, info.file_size, info.CRC, info.filename)
        for name, info in named
        if not any(_hidden(part) for part in name.split("/"))
    ]


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a file in a zip. Finder writes UTF-8 without saying so, Windows tools backslashes."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):  # else it is cp437, as the format says
            name = name.encode("cp437").decode("utf-8")
    return _nfc(name.replace("\\", "/").lstrip("/"))


def _nfc(name: str) -> str:
    """Return the composed form: macOS writes é as e + ´, and a table of labels as one letter."""
    return unicodedata.normalize("NFC", name)


def _hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _missing(root: Path) -> str:
    siblings = [path.name for path in root.parent.iterdir()] if root.parent.is_dir() else []
    return (
        f"dataset.root={root}: there is no such folder or zip.{nearest(root.name, siblings)} "
        "Type dataset.root=FOLDER or dataset.root=FILE.zip."
    )


def _no_pictures(root: Path, found: Iterable[Entry]) -> str:
    endings = Counter(PurePosixPath(entry.name).suffix.lower() or "no ending" for entry in found)
    others = ", ".join(f"{count} × {ending}" for ending, count in endings.most_common(5)) or "nothing"
    return (
        f"dataset.root={root}: it holds no picture (it holds {others}). "
        "Pictures are .png, .jpg, .webp, .gif, .tif, .bmp and the like; name the folder or zip they lie in."
    )
