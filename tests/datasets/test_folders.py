"""Everything in a folder is counted: read, or listed with the reason, and tried again where that may have passed."""

import os
import sys

import pytest
from painted import noise, put

from ganart.datasets import image_folder
from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.errors import UserError


def skipped_in(root) -> dict[str, str]:
    return {row.file: row.reason for row in load(ImageFolder(root=root)).manifest.skipped}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "QOI"])
@pytest.mark.parametrize("name", ["picture", "a.jpg.download", "a.crdownload", "3f2a9c.dat"])
def test_pictures_are_known_by_their_content(root, kind, name):
    put(root, "b.png", noise(1))
    try:
        put(root, name, noise(0), format=kind)
    except (KeyError, OSError):
        pytest.skip(f"this machine writes no {kind}")
    assert load(ImageFolder(root=root)).manifest.files == sorted([name, "b.png"])


def test_what_holds_pictures_and_cannot_be_read_is_listed(root):
    put(root, "a.png", noise(0))
    for name in ("raw.NEF", "line.svg", "film.mp4", "pages.pdf", "more.zip", "sketch.kra"):
        (root / name).write_bytes(b"content")
    reasons = skipped_in(root)
    assert sorted(reasons) == ["film.mp4", "line.svg", "more.zip", "pages.pdf", "raw.NEF", "sketch.kra"]
    assert "export it as TIFF or JPEG" in reasons["raw.NEF"]
    assert "unpack it" in reasons["more.zip"]


def test_files_that_are_none_of_ours_stay_quiet(root, capsys):
    put(root, "a.png", noise(0))
    for name in ("notes.txt", "labels.csv", "Thumbs.db", ".DS_Store", "desktop.ini", "README", "model.pt", "._a.png"):
        (root / name).write_bytes(b"content")
    (root / "gone.txt").symlink_to("nowhere.txt")
    assert skipped_in(root) == {}
    assert "skipped" not in capsys.readouterr().out


def test_links_that_lead_nowhere_are_listed(root):
    put(root, "a.png", noise(0))
    (root / "b.png").symlink_to(root / "gone.png")
    (root / "folder").symlink_to(root / "gone", target_is_directory=True)
    assert skipped_in(root) == {"b.png": "the link leads nowhere", "folder": "the link leads nowhere"}


def test_a_link_that_leads_somewhere_again_is_read(root):
    put(root, "a.png", noise(0))
    (root / "b.png").symlink_to(root / "gone.png")
    assert len(load(ImageFolder(root=root)).images) == 1
    put(root, "gone.png", noise(1))
    assert len(load(ImageFolder(root=root)).images) == 3


def test_two_links_to_one_folder_are_read_once_and_told(root, tmp_path):
    put(tmp_path / "works", "a.png", noise(0))
    (root / "one").symlink_to(tmp_path / "works", target_is_directory=True)
    (root / "two").symlink_to(tmp_path / "works", target_is_directory=True)
    pictures = load(ImageFolder(root=root))
    assert pictures.manifest.files == ["one/a.png"]
    assert skipped_in(root) == {"two": "the same folder as one"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_listed_and_not_waited_for(root):
    put(root, "a.png", noise(0))
    os.mkfifo(root / "b.png")
    assert skipped_in(root) == {"b.png": "it is no plain file"}


def test_a_folder_that_cannot_be_opened_is_listed(root, monkeypatch):
    put(root, "a.png", noise(0))
    put(root, "closed/b.png", noise(1))
    scan = os.scandir

    def closed(place):
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", closed)
    assert skipped_in(root) == {"closed": "the folder cannot be opened: Permission denied"}


def test_it_holds_nothing_only_where_nothing_is(root):
    (root / "b.png").symlink_to(root / "gone.png")
    (root / "a.nef").write_bytes(b"x")
    with pytest.raises(UserError, match=r"no picture that can be read .it holds a\.nef: a camera.*b\.png: the link"):
        ImageFolder(root=root)


def test_nothing_is_nothing(root):
    with pytest.raises(UserError, match=r"it holds nothing"):
        ImageFolder(root=root)


@pytest.mark.parametrize(
    "failure",
    [PermissionError(13, "Permission denied", "/home/li/b.png"), OSError(5, "Input/output error"), MemoryError()],
)
def test_what_failed_today_is_tried_again_tomorrow(root, monkeypatch, failure):
    put(root, "a.png", noise(0))
    put(root, "b.png", noise(1))
    (root / "c.png").write_bytes(b"no picture")
    whole = image_folder.reader

    def failing(place):
        def read(entry, limit=None):
            if entry.name == "b.png":
                raise failure
            with whole(place) as readable:
                return readable(entry, limit)

        from contextlib import nullcontext

        return nullcontext(read)

    monkeypatch.setattr(image_folder, "reader", failing)
    today = load(ImageFolder(root=root)).manifest
    assert today.files == ["a.png"]
    assert {row.file: row.passing for row in today.skipped} == {"b.png": True, "c.png": False}
    assert "/" not in today.skipped[0].reason.replace("Input/output", "")
    assert load(ImageFolder(root=root)).manifest.files == ["a.png"], "still failing"

    monkeypatch.setattr(image_folder, "reader", whole)
    assert load(ImageFolder(root=root)).manifest.files == ["a.png", "b.png"]


def test_a_format_without_a_decoder_is_tried_again_when_there_is_one(root, monkeypatch):
    put(root, "a.png", noise(0))
    try:
        put(root, "b.avif", noise(1))
    except (KeyError, OSError):
        pytest.skip("this machine writes no AVIF")
    decoding = sys.modules["ganart.datasets.reading.decoding"]
    known = decoding.formats()
    monkeypatch.setattr(decoding, "formats", lambda: tuple(name for name in known if name != "AVIF"))
    assert "no decoder" in skipped_in(root)["b.avif"]
    monkeypatch.setattr(decoding, "formats", lambda: known)
    assert skipped_in(root) == {}
