import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ganart
from ganart.datasets.base import Dataset, Factor, Picture, Skipped
from ganart.datasets.cache import load
from ganart.errors import PlaceError, UserError
from ganart.files.paths import CACHE_ADVICE


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "cache"))


class Ramp(Dataset):
    """Picture n is filled with n; every decoding is written down, so that tests can count them."""

    name, channels, height, width, licence, condition = "ramp.v1", 3, 2, 3, "CC0", ()

    def __init__(self, log: Path | None = None, count: int = 4, fail_at: int | None = None) -> None:
        self.log, self.count, self.fail_at = log, count, fail_at

    def key(self) -> str:
        return hashlib.sha256(str(self.count).encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def factors(self) -> tuple[Factor, ...]:
        return (Factor("parity", ("even", "odd")),)

    def decode(self):
        if self.log:
            with open(self.log, "a", encoding="utf-8") as log:
                log.write("decoded\n")
        for index in range(self.count):
            if index == self.fail_at:
                self.fail()
            yield Picture(np.full((2, 3, 3), index, np.uint8), (index % 2,), f"{index}", f"{index:064x}", index == 3)

    def fail(self) -> None:
        raise KeyboardInterrupt


class DyingRamp(Ramp):
    def fail(self) -> None:
        os._exit(9)  # as a killed process ends: nothing is cleaned up


class DamagedRamp(Ramp):
    def decode(self):
        yield from (Skipped(f"{index}", "torn") for index in range(self.count))


def folders(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "datasets").iterdir() if path.is_dir())


def start(code: str) -> subprocess.Popen:
    """Run `code` in another process that sees this file and the package."""
    paths = [str(Path(ganart.__file__).parents[1]), str(Path(__file__).parent)]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_is_read_back_is_what_was_decoded():
    pictures = load(Ramp())
    assert pictures.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert pictures.images.shape == (4, 2, 3, 3)
    assert pictures.labels.tolist() == [[0], [1], [0], [1]]
    assert pictures.factors == (Factor("parity", ("even", "odd")),)
    assert (len(pictures.train), len(pictures.test)) == (3, 1)
    assert pictures.test.pictures(np.array([0])).max() == 3
    assert pictures.manifest.sizes == [[3, 2]] * 4
    assert pictures.pixels_sha256 == hashlib.sha256(pictures.images.tobytes()).hexdigest()


def test_the_second_load_decodes_nothing(tmp_path):
    first, second = load(Ramp(tmp_path / "log")), load(Ramp(tmp_path / "log"))
    assert (tmp_path / "log").read_text().count("decoded") == 1
    assert np.array_equal(first.images, second.images)
    assert first.hash == second.hash


def test_pictures_are_mapped_from_disk_and_cannot_be_written_to():
    pictures = load(Ramp())
    assert isinstance(pictures.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pictures.images[0] = 1


def test_another_key_is_another_cache(tmp_path):
    assert len(load(Ramp(count=4)).images) == 4
    assert len(load(Ramp(count=5)).images) == 5
    assert len(folders(tmp_path / "cache")) == 2


def test_an_interrupted_decoding_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        load(Ramp(fail_at=2))
    assert folders(tmp_path / "cache") == []
    assert len(load(Ramp()).images) == 4


def test_a_cache_whose_writer_was_killed_is_never_used_and_cleared_away(tmp_path):
    dying = start("from test_cache import *; load(DyingRamp(fail_at=2))")
    assert dying.wait(30) == 9
    (left,) = folders(tmp_path / "cache")
    assert ".unfinished-" in left
    assert load(Ramp()).images[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert not any(".unfinished-" in name for name in folders(tmp_path / "cache"))


def test_two_processes_that_want_the_same_cache_at_once_decode_it_once(tmp_path):
    code = f"""
import time
from test_cache import *
from pathlib import Path

class SlowRamp(Ramp):
    def decode(self):
        for picture in super().decode():
            time.sleep(0.1)
            yield picture

print(load(SlowRamp(Path({str(tmp_path / "log")!r}))).images[:, 0, 0, 0].tolist())
"""
    both = [start(code), start(code)]
    assert [process.communicate(timeout=60)[0].splitlines()[-1] for process in both] == ["[0, 1, 2, 3]"] * 2
    assert (tmp_path / "log").read_text().count("decoded") == 1
    assert len(folders(tmp_path / "cache")) == 1


def test_a_data_set_with_nothing_readable_is_refused_and_leaves_no_cache(tmp_path):
    with pytest.raises(UserError, match=r"not one picture could be read(.|\n)*0: torn(.|\n)*… and 2 more"):
        load(DamagedRamp(count=12))
    assert folders(tmp_path / "cache") == []


def test_the_manifest_hash_is_of_files_contents_and_labels_in_order_of_name():
    manifest = load(Ramp(count=2)).manifest
    rows = [["0", "0" * 64, [0]], ["1", "0" * 63 + "1", [1]]]
    assert manifest.hash == hashlib.sha256(json.dumps(rows).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------ full and read-only


def test_a_full_disk_is_one_sentence_before_anything_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**9, 10**9, 71))
    with pytest.raises(PlaceError) as told:
        load(Ramp(tmp_path / "log"))
    problem = f"{tmp_path}/cache/datasets cannot be written: the decoded pictures need 0 MB and 0 MB are free"
    assert str(told.value) == f"{problem}. {CACHE_ADVICE}"
    assert not (tmp_path / "log").exists()
    assert folders(tmp_path / "cache") == []


def test_a_disk_that_fills_while_decoding_is_one_sentence_and_leaves_nothing(tmp_path):
    class Filling(Ramp):
        def decode(self):
            yield from super().decode()
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(PlaceError, match="the disk is full"):
        load(Filling())
    assert folders(tmp_path / "cache") == []


def test_pixels_are_written_and_not_mapped(tmp_path):
    """A page of a mapped file that finds no room on the disk kills the process with SIGBUS, without a word."""
    pictures = load(DamagedAtTheEnd(count=12))
    assert pictures.images[:, 1, 2, 2].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    (folder,) = folders(tmp_path / "cache")
    whole = Path(tmp_path, "cache", "datasets", folder, "images.npy")
    assert whole.stat().st_size == 128 + 9 * 18
    assert whole.stat().st_blocks > 0


class DamagedAtTheEnd(Ramp):
    def decode(self):
        for index, picture in enumerate(super().decode()):
            yield picture if index < 9 else Skipped(f"{index}", "torn")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_filled_cache_on_a_read_only_disk_is_read(tmp_path):
    first = load(Ramp())
    for left in (tmp_path / "cache/datasets").glob("*.lock"):
        left.unlink()
    closed = [tmp_path / "cache", *(path for path in (tmp_path / "cache").rglob("*"))]
    for path in closed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert np.array_equal(load(Ramp()).images, first.images)
        with pytest.raises(PlaceError, match=r"cannot be written: Permission denied\..*GANART_CACHE=FOLDER"):
            load(Ramp(count=3))
    finally:
        for path in closed:
            path.chmod(0o755)


def test_without_a_write_a_filled_cache_takes_no_lock(tmp_path):
    load(Ramp())
    (lock,) = (tmp_path / "cache/datasets").glob("*.lock")
    lock.unlink()
    load(Ramp())
    assert not lock.exists()


@pytest.mark.parametrize("file", ["images.npy", "labels.npy", "dataset.json"])
@pytest.mark.parametrize("damage", ["torn", "empty", "gone"])
def test_a_damaged_cache_is_decoded_again(tmp_path, file, damage):
    load(Ramp(tmp_path / "log"))
    (folder,) = folders(tmp_path / "cache")
    path = tmp_path / "cache/datasets" / folder / file
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-10] if damage == "torn" else b"")
    assert load(Ramp(tmp_path / "log")).images[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert (tmp_path / "log").read_text() == "decoded\n" * 2
    assert folders(tmp_path / "cache") == [folder]
