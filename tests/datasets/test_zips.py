"""Zips as other tools write them: names, encodings, entries that share a name."""

import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from painted import BLUE, RED, flat, noise, put, zipped

from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.reading.encodings import guess, known_encoding
from ganart.errors import UserError


def packed(root: Path, path: Path, names: list[str]) -> Path:
    """A zip with one noisy picture for each of `names`, written as they are."""
    picture = put(root, "picture.png", noise(0)).read_bytes()
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for number, name in enumerate(names):
            archive.writestr(zipfile.ZipInfo(name), picture + bytes([number]))  # bytes after the end change nothing
    return path


def with_raw_names(path: Path, encoding: str) -> Path:
    """The names of a zip as Windows writes them: in `encoding`, without the flag that says UTF-8."""
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist()]
    coded = path.with_name("coded.zip")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(coded, "w") as other:
        for number, name in enumerate(names):
            stand_in = f"{number:03d}".ljust(len(name.encode(encoding)), "x")
            other.writestr(stand_in, archive.read(name))
    raw = coded.read_bytes()
    for number, name in enumerate(names):
        name_there = name.encode(encoding)
        raw = raw.replace(f"{number:03d}".ljust(len(name_there), "x").encode(), name_there)
    coded.write_bytes(raw)
    return coded


@pytest.mark.parametrize("inside", ["", "holiday pictures/"])
def test_a_zip_gives_the_pixels_and_the_manifest_of_its_folder(root, tmp_path, inside):
    for index, name in enumerate(("cat/1.png", "dog/é.png", "dog/3.png")):
        put(root, name, noise(index))
    folder = load(ImageFolder(root=root, height=8, width=8))
    archive = load(ImageFolder(root=zipped(root, tmp_path / "pics.zip", inside), height=8, width=8))
    assert np.array_equal(folder.images, archive.images)
    assert folder.manifest.hash == archive.manifest.hash
    assert folder.manifest.is_test == archive.manifest.is_test
    assert archive.name == "pics"


def test_a_zip_entry_with_a_wrong_checksum_is_skipped(root, tmp_path):
    put(root, "a.bmp", flat(RED, (16, 16)))
    put(root, "b.bmp", flat(BLUE, (16, 16)))
    path = zipped(root, tmp_path / "pics.zip")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"BM") + 100] ^= 0xFF  # one pixel of a.bmp, which is stored as it is
    path.write_bytes(raw)
    manifest = load(ImageFolder(root=path)).manifest
    assert manifest.files == ["b.bmp"]
    assert [row.file for row in manifest.skipped] == ["a.bmp"]
    assert "CRC" in manifest.skipped[0].reason


def test_a_zip_locked_with_a_password_is_refused(root, tmp_path):
    put(root, "a.png", noise(0))
    path = zipped(root, tmp_path / "pics.zip")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # the flag "encrypted" of the only entry of the directory
    path.write_bytes(raw)
    with pytest.raises(UserError, match="locked with a password"):
        ImageFolder(root=path)


def test_names_that_a_mac_wrote_into_a_zip_are_read_as_utf8(root, tmp_path):
    put(root, "Ete/a.png", noise(0))
    path = zipped(root, tmp_path / "mac.zip")
    # As Finder does: UTF-8 in the name, and no flag that says so.
    path.write_bytes(path.read_bytes().replace(b"Ete/", "Éa/".encode()))
    assert ImageFolder(root=path).factors()[0].classes == ("Éa",)
    assert load(ImageFolder(root=path)).manifest.files == ["Éa/a.png"]


@pytest.mark.parametrize("before", ["./", "/", ".//./", "../", "a/./../a/", ".\\"])
def test_names_are_read_as_if_unpacked(root, tmp_path, before):
    path = packed(root, tmp_path / "pics.zip", [f"{before}cat/1.png", f"{before}dog/2.png"])
    inside = "a/a/" if before.startswith("a") else ""
    assert [entry.name for entry in ImageFolder(root=path)._entries] == [f"{inside}cat/1.png", f"{inside}dog/2.png"]
    assert ImageFolder(root=path).factors()[0].classes == ("cat", "dog")


NAMES = {
    "gbk": ["水墨画/山水1.png", "油画/B型 抽象.png"],
    "cp932": ["浮世絵/波.png", "アニメ/ひまわり.png"],
    "big5": ["水墨畫/山水.png", "書法/肖像畫.png"],
    "cp437": ["Träume/Mädchen.png", "Été/crème brûlée.png"],
    "cp866": ["Пейзаж/утро.png", "Портрет/девушка.png"],
    "cp1251": ["Пейзаж/утро.png", "Портрет/девушка.png"],
    "cp1252": ["Träume/Mädchen.png", "Été/crème brûlée.png"],
    "utf-8": ["水墨画/山水1.png", "Träume/Mädchen.png"],
}


@pytest.mark.parametrize("encoding", NAMES)
def test_names_without_the_flag_of_utf8_are_read_rightly_and_said(root, tmp_path, encoding, capsys):
    path = with_raw_names(packed(root, tmp_path / "pics.zip", NAMES[encoding]), encoding)
    pictures = load(ImageFolder(root=path))
    assert sorted(pictures.manifest.files) == sorted(NAMES[encoding])
    told = " ".join(pictures.manifest.notes)
    assert (f"read as {encoding} (e.g. " in told) == (encoding != "utf-8")
    assert (f"read as {encoding} (e.g. " in " ".join(capsys.readouterr().out.split())) == (encoding != "utf-8")


def test_the_encoding_can_be_said(root, tmp_path):
    names = ["미술/그림.png", "풍경/산.png"]
    path = with_raw_names(packed(root, tmp_path / "pics.zip", names), "cp949")
    pictures = load(ImageFolder(root=path, encoding="cp949"))
    assert sorted(pictures.manifest.files) == sorted(names)
    assert not any("read as" in note for note in pictures.manifest.notes)
    assert ImageFolder(root=path, encoding="cp949").key() != ImageFolder(root=path).key()
    with pytest.raises(UserError, match=r"dataset\.encoding=gbkk: there is no such encoding.*gbk"):
        ImageFolder(root=path, encoding="gbkk")


@pytest.mark.parametrize(
    ("typed", "meant"), [("shift_jis", "cp932"), ("euc-kr", "cp949"), (949, "cp949"), ("936", "gbk"), ("GB2312", "gbk")]
)
def test_an_encoding_is_known_by_its_standard_and_by_its_code_page(typed, meant):
    assert known_encoding(typed) == meant


@pytest.mark.parametrize("typed", ["rot13", "hex", "undefined", "", "a\0b", 12345])
def test_what_is_no_encoding_of_text_is_refused(typed):
    with pytest.raises(UserError, match="there is no such encoding"):
        known_encoding(typed)


def test_names_that_are_read_wrongly_are_told_with_what_to_type_and_how_they_read_then(root, tmp_path):
    path = with_raw_names(packed(root, tmp_path / "pics.zip", ["미술/그림.png"]), "cp949")
    (note,) = ImageFolder(root=path).notes()[:1]
    assert "read as gbk" in note
    assert "dataset.encoding=cp949 (미술/그림.png)" in note


def test_names_that_the_asked_encoding_does_not_have_are_told(root, tmp_path):
    path = with_raw_names(packed(root, tmp_path / "pics.zip", ["浮世絵/波.png", "a/1.png"]), "cp932")
    note = ImageFolder(root=path, encoding="utf-8").notes()[0]
    assert "1 file names cannot be read as utf-8" in note
    assert "dataset.encoding=cp932 (浮世絵/波.png)" in note


def test_many_korean_names_are_known_as_such():
    names = ["한국화/가을 풍경.png", "한국화/봄의 노래.png", "서예/매화와 달.png", "인물/어머니.png"]
    assert guess([name.encode("cp949") for name in names], "none") == "cp949"


def test_chinese_names_of_common_characters_stay_chinese():
    names = ["风景/北海公园.png", "人物/弗里达.png", "花鸟/白荷花.png"]
    assert guess([name.encode("gbk") for name in names], "none") == "gbk"


@pytest.mark.parametrize("encoding", NAMES)
def test_each_name_alone_is_enough_for_the_guess(encoding):
    wrong = [name for name in NAMES[encoding] if guess([name.encode(encoding)], "none") != encoding]
    assert not wrong


def test_what_is_in_no_known_encoding_is_not_called_one():
    assert guess([b"\xb1 \xb2 \xb3"], otherwise="cp437") == "cp437"


def test_entries_that_share_a_name_are_all_read(root, tmp_path):
    path = packed(root, tmp_path / "pics.zip", ["a/1.png", "a/1.png", "a/1 (2).png", "./a/1.png"])
    pictures = load(ImageFolder(root=path))
    assert pictures.manifest.files == ["a/1 (2).png", "a/1 (3).png", "a/1 (4).png", "a/1.png"]
    assert len(set(pictures.manifest.sha256)) == 4
    assert any("1 names belong to several files (e.g. a/1.png)" in note for note in pictures.manifest.notes)


def test_names_of_a_disk_that_are_no_utf8_are_read_as_those_of_zips(root):
    put(root, "a.png", noise(0))
    try:
        (root / "a.png").rename(Path(str(root), "水墨画.png".encode("gbk").decode("utf-8", "surrogateescape")))
    except OSError:
        pytest.skip("this file system has Unicode names only")
    assert load(ImageFolder(root=root)).manifest.files == ["水墨画.png"]
