"""Kinds of files by name and first bytes: readable pictures, unreadable formats, other files."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import PurePosixPath

ENDINGS = {
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
    *(".tga", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".avif", ".heic", ".heif", ".ico", ".pcx", ".qoi"),
    *(".dds", ".psd"),
}
"""Suffixes of readable pictures, in lower case."""

_RAW = "a camera's raw file: export it as TIFF or JPEG"
_VECTOR = "a drawing of lines, not of pixels: export it as PNG"
_FILM = "a film: export its frames as PNG"
_DOCUMENT = "a document: export its pages as PNG"
_ARCHIVE = "an archive inside: unpack it, or name it itself as dataset.root"
_FORMAT = "a format that cannot be read: save it as PNG or JPEG"

UNREADABLE = {
    **dict.fromkeys((".cr2", ".cr3", ".crw", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw"), _RAW),
    **dict.fromkeys((".svg", ".svgz", ".ai", ".eps", ".ps", ".cdr", ".wmf", ".emf"), _VECTOR),
    **dict.fromkeys((".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".wmv"), _FILM),
    **dict.fromkeys((".pdf", ".djvu", ".docx", ".pptx", ".odp"), _DOCUMENT),
    **dict.fromkeys((".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"), _ARCHIVE),
    **dict.fromkeys((".jxl", ".xcf", ".kra", ".clip", ".exr", ".hdr", ".psb", ".sai", ".procreate", ".jxr"), _FORMAT),
}
"""Suffixes of files with pictures that cannot be read, each with advice."""

_OTHERS = {
    *(".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".xml", ".html", ".htm", ".log", ".rtf"),
    *(".db", ".ini", ".py", ".ipynb", ".npy", ".npz", ".pt", ".xmp", ".aae", ".url", ".lnk", ".xlsx", ".xls", ".doc"),
    *(".wav", ".mp3", ".m4a", ".exe", ".js", ".css", ".sha256", ".md5", ".nfo", ".parquet"),
}
"""Suffixes of files that are hardly ever pictures, and need no mention where they are not."""

_MAGIC = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"8BPS\0\x01", b"DDS ", b"qoif"),
    *(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
)
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis")


class Kind(Enum):
    """The kind of a file according to its suffix."""

    PICTURE = auto()
    UNREADABLE = auto()
    OTHER = auto()
    UNKNOWN = auto()


def kind_of(name: str) -> tuple[Kind, str]:
    """Return the kind of the file `name` by its suffix, and for `UNREADABLE` the reason."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in ENDINGS:
        return Kind.PICTURE, ""
    if ending in UNREADABLE:
        return Kind.UNREADABLE, UNREADABLE[ending]
    return (Kind.OTHER if ending in _OTHERS else Kind.UNKNOWN), ""


def looks_like_picture(start: bytes) -> bool:
    """Return whether a file that begins with `start`, its first 64 bytes, is a picture of a common format."""
    if start.startswith(_MAGIC):
        return True
    bitmap = start[:2] == b"BM" and start[6:10] == b"\0\0\0\0"
    return (
        bitmap
        or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")
        or (start[4:8] == b"ftyp" and start[8:12] in _BRANDS)
    )
