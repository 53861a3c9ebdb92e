"""Label tables as other tools write them: CSV of spreadsheets and pandas, Hugging Face's, StyleGAN's dataset.json."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ganart.datasets.reading.encodings import guess, otherwise_type
from ganart.errors import UserError
from ganart.files.foreign import parsed
from ganart.files.tables import unescaped

FILE_COLUMNS = ("file", "filename", "file_name", "path", "image", "image_path", "filepath", "file_path")
"""Accepted names of the column of file names."""

USUAL_NAMES = ("metadata.jsonl", "metadata.csv", "dataset.json", "labels.csv")
"""Names of tables that other tools put beside their pictures."""

_INDEX_OF_PANDAS = re.compile(r"unnamed: \d+", re.IGNORECASE)
_SHOWN = 60
_OTHER_KINDS = {
    b"PK\x03\x04": "a spreadsheet's own file",
    b"\xd0\xcf\x11\xe0": "a spreadsheet's own file",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True)
class Table:
    """A label table: its name, its column of file names, its other columns, and its rows by file name."""

    name: str
    file_column: str
    columns: list[str]
    rows: dict[str, dict[str, str]]
    notes: list[str] = field(default_factory=list)


def read_table(name: str, data: bytes, encoding: str | None = None) -> Table:
    """Read a table with a column of file names and one row per picture.

    CSV with a header, separated by "," ";" or tabs; .jsonl with one object per line; .json with a list of objects, or
    StyleGAN's {"labels": [["file", class], …]}.

    Args:
        name: of the file; its suffix determines the format.
        data: its bytes.
        encoding: of text that is not UTF-8 and does not declare its encoding; None guesses it, with a note.

    Raises:
        UserError: if it is damaged, empty or has no column of file names.
    """
    for magic, kind in _OTHER_KINDS.items():
        if data.startswith(magic):
            raise UserError(f"dataset.labels={name}: it is {kind}. Save it as CSV, and name that.")
    text, notes = _text(name, data, encoding)
    ending = PurePosixPath(name).suffix.lower()
    try:
        lines = {".json": _of_json, ".jsonl": _of_json_lines}.get(ending, _of_csv)(text)
        columns = list(dict.fromkeys(column for line in lines for column in line))
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise UserError(
            f"dataset.labels={name}: it cannot be read as a table of labels ({few([str(error)])})."
        ) from None
    file_column = next((column for column in columns if column.lower() in FILE_COLUMNS), None)
    if file_column is None:
        raise UserError(
            f"dataset.labels={name}: the table needs a header with a column called file that names the pictures. "
            f"Its columns: {few(columns) or 'none'}."
        )
    others = [column for column in columns if column != file_column and not _INDEX_OF_PANDAS.fullmatch(column)]
    rows: dict[str, dict[str, str]] = {}
    num_named = 0
    for line in lines:
        file = _tidy_name(line.get(file_column, ""))
        if file:
            num_named += 1
            rows[file] = {column: line.get(column, "") for column in others}
    if not rows:
        raise UserError(f"dataset.labels={name}: the table has no rows. Write one a picture, or dataset.labels=none.")
    if num_named > len(rows):
        notes.append(f"{name}: {num_named - len(rows)} rows name a file a second time; the last row of a file counts")
    return Table(name, file_column, others, rows, notes)


def few(items: Iterable[str]) -> str:
    """Join `items` for a message, shortened: a file that is not a table can be one long line."""
    listed = list(items)
    shown = [item if len(item) <= _SHOWN else f"{item[:_SHOWN]}…" for item in listed[:12]]
    return ", ".join(shown) + (f" … and {len(listed) - 12} more" if len(listed) > 12 else "")


def _text(name: str, data: bytes, encoding: str | None) -> tuple[str, list[str]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # Excel's "Unicode text"
        return data.decode("utf-16", "replace"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        used = encoding or guess([data], otherwise="cp1252")
        text = data.decode(used, errors="replace")
        garbled = "\N{REPLACEMENT CHARACTER}" in text
        said = f"cannot be read as {used}" if garbled else f"is not UTF-8 and is read as {used}"
        note = f"{name} {said}; if that is wrong: {otherwise_type(_first_beyond_ascii(data), used)}"
        return text, [note] if garbled or not encoding else []


def _first_beyond_ascii(data: bytes) -> bytes:
    """Return the first cell of a table that is not ASCII."""
    return next(cell.strip() for cell in re.split(rb"[\r\n\t,;]", data) if not cell.isascii())


def _of_csv(text: str) -> list[dict[str, str]]:
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r'"?sep=(.)"?\r?', first, re.IGNORECASE)  # Excel's own declaration
    header = (rest if said else text).split("\n", 1)[0]
    delimiter = said.group(1) if said else max(",;\t", key=header.count)
    lines = csv.reader(io.StringIO(rest if said else text, newline=""), delimiter=delimiter)
    columns = [unescaped(column).strip() for column in next(lines, [])]
    blank = dict.fromkeys(filter(None, columns), "")
    return [
        blank | {column: unescaped(cell.strip()) for column, cell in zip(columns, line, strict=False) if column}
        for line in lines
    ] or [blank]


def _of_json_lines(text: str) -> list[dict[str, str]]:
    return [_plain(parsed(line)) for line in text.split("\n") if line.strip()]  # captions may hold other line ends


def _of_json(text: str) -> list[dict[str, str]]:
    content = parsed(text)
    if isinstance(content, dict) and "labels" in content:
        return [_plain(row) for row in _of_stylegan(content["labels"] or [])]
    if isinstance(content, list):
        return [_plain(row) for row in content]
    raise ValueError('it is neither a list of objects nor {"labels": [["file", class], …]}')


def _of_stylegan(labels: Sequence[Any] | Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield StyleGAN's rows; one-hot and multi-label lists become one column per number."""
    for file, label in labels.items() if isinstance(labels, Mapping) else labels:
        several = enumerate(label) if isinstance(label, list) else [("", label)]
        yield {"file": file, **{f"class{number}": value for number, value in several}}


def _plain(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of a row as text, without lists and objects, which cannot be labels."""
    cells = {str(key).strip(): value for key, value in row.items() if not isinstance(value, (dict, list))}
    return {_whole(key): "" if value is None else _whole(str(value).strip()) for key, value in cells.items() if key}


def _whole(text: str) -> str:
    """Replace unpaired surrogates, which JSON can spell and no file can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tidy_name(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip().replace("\\", "/").removeprefix("./"))
