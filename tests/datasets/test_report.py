import csv
import io
import json
import time
import zipfile

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image, ImageEnhance
from rich.console import Console

from ganart.commands import dataset
from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.survey import duplicates
from ganart.datasets.survey.contact_sheet import contact_sheet
from ganart.datasets.survey.survey import UNKNOWN_NAME, Group, survey
from ganart.datasets.survey.text import markdown, show
from ganart.errors import UserError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "cache"))


def scene(seed: int, size: int = 64) -> Image.Image:
    """A smooth random picture, as unlike another as two photographs."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


@pytest.fixture
def root(tmp_path):
    """Reds and blues of different sizes and shapes, one red without a class, and a file that cannot be read."""
    folder = tmp_path / "colours"
    for name, colour, size in (
        ("train/red/1.png", (200, 0, 0), (10, 10)),
        ("train/red/2.png", (100, 0, 0), (40, 20)),
        ("train/blue/3.png", (0, 0, 51), (100, 300)),
        ("test/blue/4.png", (0, 0, 51), (20, 20)),
        ("train/5.png", (240, 0, 0), (16, 16)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(folder / name)
    (folder / "train" / "red" / "torn.png").write_bytes(b"")
    return folder


@pytest.fixture
def pictures(root):
    return load(ImageFolder(root=root, height=16, width=16, licence="CC0"))


def test_the_report_counts_classes_in_each_split_with_their_mean_colours(pictures):
    (factor,) = survey(pictures).factors
    rows = [(row.name, row.train, row.test, row.colour) for row in factor.classes]
    assert factor.name == "style"
    assert rows == [("blue", 1, 1, "#000033"), ("red", 2, 0, "#960000"), (UNKNOWN_NAME, 1, 0, "#f00000")]


def test_the_report_has_the_sizes_and_shapes_of_the_files(pictures):
    report = survey(pictures)
    assert (report.widths.minimum, report.widths.median, report.widths.maximum) == (10, 20, 100)
    assert (report.heights.minimum, report.heights.median, report.heights.maximum) == (10, 20, 300)
    assert report.widths.ranges == {"under 32": 3, "32 to 63": 1, "64 to 127": 1}
    shapes = {"very tall (under 1:2)": 1, "square (within 5 %)": 3, "very wide (2:1 and more)": 1}
    assert report.aspects.ranges == shapes
    assert report.smaller == 1


def test_the_report_names_skipped_files_licence_and_manifest(pictures):
    report = survey(pictures)
    assert [(row.file, row.reason) for row in report.skipped] == [("train/red/torn.png", "the file is empty")]
    assert report.licence == "CC0"
    assert report.manifest_hash == pictures.manifest.hash


def test_a_copy_in_train_and_test_is_reported(pictures):
    assert survey(pictures).exact_duplicates == [Group(["test/blue/4.png", "train/blue/3.png"], leaks=True)]


def test_transparent_parts_do_not_count_into_the_mean_colour(tmp_path):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((200, 100, 0, 255), (0, 0, 4, 8))
    (tmp_path / "pics").mkdir()
    image.save(tmp_path / "pics" / "a.png")
    pictures = load(
        ImageFolder(root=tmp_path / "pics", height=8, width=8, channels=4, labels="none", background="lime")
    )
    assert survey(pictures).colour == "#c86400"


def test_a_copy_saved_again_or_made_brighter_a_little_is_a_near_duplicate_and_other_pictures_are_not():
    first, other = scene(1), scene(2)
    brighter = ImageEnhance.Brightness(first).enhance(1.02)
    rough = first.resize((48, 48)).resize((64, 64))
    mirrored = first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    images = np.stack([np.asarray(image) for image in (other, first, brighter, mirrored, rough)])
    assert duplicates.near(images, []) == [[1, 2, 4]]


def test_flat_pictures_of_different_colours_are_no_near_duplicates():
    images = np.stack([np.full((16, 16, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255), (90, 90, 90))])
    assert duplicates.near(images, []) == []


def test_of_exact_duplicates_only_the_first_is_compared():
    image = np.asarray(scene(1))
    nearly = np.asarray(ImageEnhance.Brightness(scene(1)).enhance(1.02))
    images = np.stack([image, image, nearly])
    same = duplicates.exact(images)
    assert same == [[0, 1]]
    assert duplicates.near(images, same) == [[0, 2]]


def test_near_duplicates_are_found_among_thousands_in_seconds():
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (20_000, 5, 6, 1)).astype(np.float32)
    images = coarse.repeat(3, axis=1).repeat(3, axis=2).astype(np.uint8)
    planted = generator.choice(20_000, (100, 2), replace=False)
    noise = generator.integers(-3, 4, (100, *images.shape[1:]))
    images[planted[:, 1]] = np.clip(images[planted[:, 0]].astype(int) + noise, 0, 255)
    start = time.process_time()  # of this process alone: other ones may be at work
    groups = duplicates.near(images, [])
    assert time.process_time() - start < 15
    found = {tuple(group) for group in groups}
    assert len(found & {tuple(sorted(pair)) for pair in planted.tolist()}) >= 98
    assert len(found) <= 102


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_contact_sheet_shows_each_class_in_its_row(root, channels):
    pictures = load(ImageFolder(root=root, height=16, width=16, channels=channels))
    sheet = contact_sheet(pictures, survey(pictures)).convert("L" if channels == 1 else "RGB")
    # Below the heading and right of the names there is one row a class, and no class shows another's pictures.
    left, top, height = 24 + 190, 64, (sheet.height - 64 - 24) // 3
    rows = [
        sheet.crop((left, top + n * height, sheet.width, top + (n + 1) * height)).getcolors(10**6) for n in range(3)
    ]
    expected = {"blue": [(0, 0, 51)], "red": [(200, 0, 0), (100, 0, 0)], UNKNOWN_NAME: [(240, 0, 0)]}
    if channels == 1:
        expected = {
            name: [Image.new("RGB", (1, 1), c).convert("L").getpixel((0, 0)) for c in colours]
            for name, colours in expected.items()
        }
    for row, own in zip(rows, expected.values(), strict=True):
        shown = {colour for _, colour in row}
        assert {colour for colours in expected.values() for colour in colours} & shown == set(own)


def test_the_contact_sheet_of_large_unlabelled_pictures_is_of_moderate_size(tmp_path):
    (tmp_path / "pics").mkdir()
    for seed in range(70):
        scene(seed, 24).save(tmp_path / "pics" / f"{seed}.png")
    pictures = load(ImageFolder(root=tmp_path / "pics", height=256, width=320, labels="none"))
    sheet = contact_sheet(pictures, survey(pictures))
    assert 8 * 128 < sheet.width < 8 * 128 + 200
    assert 8 * 102 < sheet.height < 8 * 102 + 250


def test_the_verb_saves_report_manifest_and_sheet(root, tmp_path, capsys):
    node = {"_target_": "ganart.datasets.image_folder.ImageFolder", "root": str(root), "height": 16, "width": 16}
    dataset.run(OmegaConf.create({"dataset": node}), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("report.md", "report.json", "contact_sheet.png", "manifest.csv")
    }
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert (report["train"], report["test"], report["skipped"][0]["reason"]) == (4, 1, "the file is empty")
    words = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "| red | 2 | 2 | 0 | `#960000` |" in words
    assert "train/red/torn.png: the file is empty" in words
    rows = list(csv.DictReader((tmp_path / "out" / "manifest.csv").open(encoding="utf-8")))
    assert [(row["file"], row["split"], row["style"]) for row in rows] == [
        ("test/blue/4.png", "test", "blue"),
        ("train/5.png", "train", ""),
        ("train/blue/3.png", "train", "blue"),
        ("train/red/1.png", "train", "red"),
        ("train/red/2.png", "train", "red"),
    ]
    assert all(len(row["sha256"]) == 64 for row in rows)
    printed = capsys.readouterr().out
    assert "#960000" in printed
    assert "contact_sheet.png" in printed


def test_the_verb_passes_a_user_error_on(tmp_path):
    node = {"_target_": "ganart.datasets.image_folder.ImageFolder", "root": str(tmp_path / "nowhere")}
    with pytest.raises(UserError, match="no such folder or zip"):
        dataset.run(OmegaConf.create({"dataset": node}), tmp_path / "out")


def test_names_as_long_as_a_book_are_cut_on_the_terminal_and_whole_in_the_file(tmp_path):
    copies = tmp_path / "copies.zip"
    with zipfile.ZipFile(copies, "w") as archive:
        for number in range(2):
            scene(3).save(tmp_path / "scene.png")
            archive.write(tmp_path / "scene.png", f"{'long' * 5000}{number}.png")
    report = survey(load(ImageFolder(root=copies, height=8, width=8)))
    console = Console(file=io.StringIO(), width=80)
    show(report, console)
    assert len(console.file.getvalue()) < 6000
    assert "long" * 5000 in markdown(report)
