"""The cache by key, and places that cannot be written to."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from ganart.errors import PlaceError
from ganart.files.paths import CACHE_ADVICE, cache_dir, replacing, write_atomically, writing_to
from ganart.files.store import cached, save_array


def itself(file: Path) -> Path:
    """Read `file` and return its path."""
    file.read_text(encoding="utf-8")
    return file


def test_a_file_is_made_once_and_found_again():
    made = []

    def write(path: Path) -> None:
        made.append(path.suffix)
        path.write_text("content", encoding="utf-8")

    first, second = (cached("things", "key", ".txt", write, itself) for _ in range(2))
    other = cached("things", "other key", ".txt", write, itself)

    assert first == second != other
    assert first.read_text() == "content"
    assert made == [".txt", ".txt"]
    assert sorted(p.suffix for p in (cache_dir() / "things").iterdir()) == [".lock", ".lock", ".txt", ".txt"]


def test_of_several_that_ask_at_once_one_writes():
    made = []

    def write(path: Path) -> None:
        made.append(1)
        path.write_text("content", encoding="utf-8")

    threads = [threading.Thread(target=cached, args=("things", "key", ".txt", write, itself)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made == [1]


def test_a_file_that_is_there_needs_no_lock_nor_any_other_write(monkeypatch):
    file = cached("things", "key", ".txt", lambda path: path.write_text("content"), itself)
    for left in file.parent.glob("*.lock"):
        left.unlink()

    assert cached("things", "key", ".txt", lambda path: pytest.fail("written again"), itself) == file
    assert [p.name for p in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full ("),
        (errno.EROFS, "Read-only file system"),
        (errno.EACCES, "Permission denied"),
        (errno.EDQUOT, "Disk quota exceeded"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_sentence_and_leaves_nothing(code, words):
    def write(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(code, os.strerror(code))

    with pytest.raises(PlaceError) as told:
        cached("things", "key", ".txt", write, itself)

    message = str(told.value)
    assert message.startswith(f"{cache_dir()}/things/")
    assert words in message
    assert message.endswith(CACHE_ADVICE)
    assert [p.suffix for p in (cache_dir() / "things").iterdir()] == [".lock"]


@pytest.mark.parametrize("torn", [b"", b"\x93NUMPY", b"not an array"])
def test_a_damaged_file_is_made_anew(torn):
    def read(file: Path) -> list[int]:
        return np.load(file).tolist()

    def write(file: Path) -> None:
        save_array(file, np.arange(5))

    assert cached("things", "key", ".npy", write, read) == [0, 1, 2, 3, 4]
    (file,) = (cache_dir() / "things").glob("*.npy")
    file.write_bytes(torn)
    assert cached("things", "key", ".npy", write, read) == [0, 1, 2, 3, 4]
    file.write_bytes(file.read_bytes()[:-9])
    assert cached("things", "key", ".npy", write, read) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("error", [OSError(errno.EINVAL, "Invalid argument"), EOFError(), KeyError("labels")])
def test_whatever_a_reader_makes_of_a_torn_file_it_is_made_anew(error):
    """Torch seeks to wherever the torn directory of its archive points."""

    def read(file: Path) -> str:
        if file.read_text(encoding="utf-8") == "torn":
            raise error
        return file.read_text(encoding="utf-8")

    def write(file: Path) -> None:
        file.write_text("whole", encoding="utf-8")

    cached("things", "key", ".txt", write, read)
    (file,) = (cache_dir() / "things").glob("*.txt")
    file.write_text("torn")
    assert cached("things", "key", ".txt", write, read) == "whole"


def test_a_file_that_may_not_be_read_is_one_sentence():
    def read(file: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    with pytest.raises(PlaceError, match="cannot be read: Permission denied"):
        cached("things", "key", ".txt", lambda path: pytest.fail("written over"), read)


def test_an_array_on_a_full_disk_is_an_error_with_its_reason():
    with pytest.raises(OSError, match="No space left"):
        save_array(Path("/dev/full"), np.zeros(100_000))


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), writing_to(tmp_path, CACHE_ADVICE):
        (tmp_path / "none").read_text()
    with pytest.raises(ZeroDivisionError), writing_to(tmp_path, CACHE_ADVICE):
        1 / 0  # noqa: B018


def test_replacing_keeps_the_old_file_where_writing_fails(tmp_path):
    file = tmp_path / "a.json"
    write_atomically(file, "old")

    def fail_half_way():
        with replacing(file) as unfinished:
            unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
