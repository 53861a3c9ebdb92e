"""A folder of pictures: the key of its cache, which changes with all that the pictures depend on."""

import os

from painted import BLUE, RED, flat, noise, put, zipped

from ganart.datasets.image_folder import ImageFolder


def test_the_key_changes_with_the_files_and_with_what_is_made_of_them(root, tmp_path):
    put(root, "a.png", noise(0))
    keys = {ImageFolder(root=root).key()}
    for setting in (
        {"height": 32},
        {"channels": 1},
        {"resize": "pad"},
        {"filter": "box"},
        {"background": "black"},
        {"test_fraction": 0.2},
        {"labels": "none"},
    ):
        keys.add(ImageFolder(root=root, **setting).key())
    (tmp_path / "t.csv").write_text("file,style\na,x\n")
    keys.add(ImageFolder(root=root, labels=str(tmp_path / "t.csv")).key())
    (tmp_path / "t.csv").write_text("file,style\na,y\n")
    keys.add(ImageFolder(root=root, labels=str(tmp_path / "t.csv")).key())
    put(root, "b.png", noise(1))
    keys.add(ImageFolder(root=root).key())
    assert len(keys) == 11


def test_the_key_changes_with_the_content_of_a_file_of_the_same_size(root):
    """Two flat pictures of one size are files of one size: their times tell them apart."""
    file = put(root, "a.bmp", flat(RED))
    key, size = ImageFolder(root=root).key(), file.stat().st_size
    put(root, "a.bmp", flat(BLUE))
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000))
    assert file.stat().st_size == size
    assert ImageFolder(root=root).key() != key


def test_the_key_does_not_depend_on_where_a_zip_lies(root, tmp_path):
    put(root, "a.png", noise(0))
    first = zipped(root, tmp_path / "one.zip")
    (tmp_path / "elsewhere").mkdir()
    second = tmp_path / "elsewhere" / "two.zip"
    second.write_bytes(first.read_bytes())
    assert ImageFolder(root=first).key() == ImageFolder(root=second).key()
