"""Small files that hold more than memory does are refused before they are unpacked or decoded."""

import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from painted import RED, flat, noise, only_pixels, put
from PIL import Image

from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.memory import Memory
from ganart.datasets.reading.decoding import TooManyPixelsError, open_picture
from ganart.errors import UserError


def png_that_says(width: int, height: int) -> bytes:
    """The beginning of a PNG of that size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + b"\0\0\0\x01IDAT"


def test_the_reason_names_the_key_and_the_key_allows_it(root):
    put(root, "a.png", flat(RED, (120, 100)))
    put(root, "b.png", noise(0))
    (skipped,) = load(ImageFolder(root=root, max_pixels=10_000)).manifest.skipped
    assert skipped.file == "a.png"
    assert "12,000 pixels" in skipped.reason
    assert skipped.reason.endswith("dataset.max_pixels=12000")
    assert load(ImageFolder(root=root, max_pixels=12_000)).manifest.skipped == []


def test_more_than_pillow_allows_can_be_allowed():
    scan = png_that_says(20_000, 20_000)
    with pytest.raises(Image.DecompressionBombError):
        open_picture(scan, max_pixels=4 * 10**8)
    (skipped,) = [skipped_as(scan, 10**8)]
    assert skipped == "400000000"
    assert skipped_as(scan, 5 * 10**8) is None


def skipped_as(data: bytes, max_pixels: int) -> str | None:
    """The value of dataset.max_pixels that the reason says, where `data` have too many pixels."""
    from ganart.datasets.reading.decoding import pillow_limit, reason

    try:
        with pillow_limit(max_pixels):
            open_picture(data, max_pixels=max_pixels)
    except Exception as error:
        return reason(error, data).rpartition("=")[2]
    return None


def test_a_jpeg_counts_at_the_size_that_it_is_decoded_at(root):
    put(root, "a.jpg", flat(RED, (1600, 1600)), quality=95)
    assert only_pixels(root, 16, 16, max_pixels=40_000)[0, 0].tolist()[0] > 250
    assert load(ImageFolder(root=root, height=16, width=16, max_pixels=40_000)).manifest.sizes == [[1600, 1600]]


def test_a_progressive_jpeg_counts_whole(root):
    data = put(root, "a.jpg", flat(RED, (1600, 1600)), progressive=True).read_bytes()
    with pytest.raises(TooManyPixelsError, match="2560000"):
        open_picture(data, least=32, max_pixels=40_000)


@pytest.mark.parametrize("asked", [0, -1, 1.5, "many"])
def test_a_limit_is_a_number_of_pixels(root, asked):
    put(root, "a.png", noise(0))
    with pytest.raises(UserError, match=r"dataset\.max_pixels="):
        ImageFolder(root=root, max_pixels=asked)


def bomb(path: Path, megabytes: int, copies: int = 1) -> Path:
    """A zip of pictures that unpack to a thousand times their size."""
    content = png_that_says(100, 100) + bytes(megabytes * 2**20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(copies):
            archive.writestr(f"{number}.png", content)
    return path


def test_what_unpacks_to_many_times_its_size_is_refused(root, tmp_path):
    path = bomb(tmp_path / "pics.zip", 20)
    assert path.stat().st_size < 2**20
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(put(root, "a.png", noise(0)), "a.png")
    (skipped,) = load(ImageFolder(root=path)).manifest.skipped
    assert "unpacks to 1,0" in skipped.reason
    assert skipped.file == "0.png"


def test_a_zip_bomb_costs_little_memory(root, tmp_path):
    """In a process of its own, whose largest size can be read: four pictures of 300 MB in a zip of 1.2 MB."""
    path = bomb(tmp_path / "pics.zip", 300, copies=4)
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(put(root, "a.png", noise(0)), "good.png")
    code = f"""
import resource
from ganart.datasets.image_folder import ImageFolder
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = list(ImageFolder(root={str(path)!r}).decode())
print(len(rows), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) // 1024)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    count, megabytes = map(int, printed.split())
    assert count == 5
    assert megabytes < 100


def test_threads_together_hold_no_more_than_there_is():
    memory, held, most, lock = Memory(100), [0], [0], threading.Lock()

    def work(num_bytes: int) -> None:
        with memory.room(num_bytes):
            with lock:
                held[0] += min(num_bytes, 100)
                most[0] = max(most[0], held[0])
            time.sleep(0.002)
            with lock:
                held[0] -= min(num_bytes, 100)

    threads = [threading.Thread(target=work, args=(size,)) for size in (40, 60, 10, 500, 90, 30, 30, 30) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert 60 < most[0] <= 100


def test_memory_is_given_back_after_a_failure():
    memory = Memory(10)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), memory.room(10):
            1 / 0  # noqa: B018
