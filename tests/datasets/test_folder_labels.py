"""A folder of pictures: its folders as labels and as splits."""

import pytest
from painted import noise, put

from ganart.datasets.base import UNKNOWN
from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder

# --- labels --------------------------------------------------------------------------------------------------------


def test_folders_are_the_classes_in_order_of_name(root):
    for index, name in enumerate(("cat/1.png", "ant/x/2.png", "3.png")):
        put(root, name, noise(index))
    pictures = load(ImageFolder(root=root, height=8, width=8))
    assert [(factor.name, factor.classes) for factor in pictures.factors] == [("style", ("ant", "cat"))]
    assert pictures.manifest.files == ["3.png", "ant/x/2.png", "cat/1.png"]
    assert pictures.labels[:, 0].tolist() == [UNKNOWN, 0, 1]


def test_each_folder_level_can_be_a_factor(root):
    for index, name in enumerate(("monet/1880/a.png", "manet/1870/b.png", "manet/c.png")):
        put(root, name, noise(index))
    pictures = load(ImageFolder(root=root, height=8, width=8, factors=["painter", "decade"], condition=["decade"]))
    assert [factor.classes for factor in pictures.factors] == [("manet", "monet"), ("1870", "1880")]
    assert pictures.labels.tolist() == [[0, 0], [0, UNKNOWN], [1, 1]]


def test_one_name_needs_no_brackets(root):
    put(root, "monet/a.png", noise(0))
    dataset = ImageFolder(root=root, factors="painter", condition="painter")
    assert (dataset.factors()[0].name, dataset.condition) == ("painter", ("painter",))


def test_a_folder_around_everything_is_seen_through(root):
    put(root, "mypics/cat/1.png", noise(0))
    put(root, "mypics/dog/2.png", noise(1))
    pictures = load(ImageFolder(root=root, height=8, width=8))
    assert pictures.factors[0].classes == ("cat", "dog")
    assert pictures.manifest.files == ["cat/1.png", "dog/2.png"]


def test_folders_called_train_and_test_are_the_split(root):
    for index, name in enumerate(("Train/cat/1.png", "Train/dog/2.png", "val/cat/3.png", "val/dog/4.png")):
        put(root, name, noise(index))
    pictures = load(ImageFolder(root=root, height=8, width=8))
    assert pictures.manifest.is_test == [False, False, True, True]
    assert pictures.factors[0].classes == ("cat", "dog")
    assert pictures.labels[:, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("train", ["train", "Training"])
@pytest.mark.parametrize("test", ["test", "val", "valid", "Validation"])
def test_the_usual_names_of_both_splits_are_known(root, train, test):
    for index in range(8):
        put(root, f"{train if index % 2 else test}/{'cat' if index < 4 else 'dog'}/{index}.png", noise(index))
    pictures = load(ImageFolder(root=root, height=8, width=8, test_fraction=0.5))
    assert {(file.partition("/")[0], is_test) for file, is_test in by_split(pictures)} == {(train, False), (test, True)}
    assert pictures.factors[0].classes == ("cat", "dog")


def by_split(pictures):
    return zip(pictures.manifest.files, pictures.manifest.is_test, strict=True)


def test_a_train_folder_with_another_of_the_same_split_leaves_it_to_the_hashes(root):
    for index in range(40):
        put(root, f"{'test' if index % 2 else 'val'}/cat/{index}.png", noise(index))
    assert {is_test for _, is_test in by_split(load(ImageFolder(root=root, test_fraction=0.5)))} == {False, True}


def test_classes_of_a_table_are_in_order_of_name_whatever_comes_first(root, tmp_path):
    for index in range(3):
        put(root, f"{index}.png", noise(index))
    (tmp_path / "t.csv").write_text("file,style\n0.png,zebra\n1.png,ant\n")
    pictures = load(ImageFolder(root=root, height=8, width=8, labels=str(tmp_path / "t.csv")))
    assert pictures.factors[0].classes == ("ant", "zebra")
    assert pictures.labels[:, 0].tolist() == [1, 0, -1]


def test_a_picture_beside_the_train_and_test_folders_goes_where_its_hash_says(root):
    for index, name in enumerate(("train/cat/1.png", "test/cat/2.png", "cover.png")):
        put(root, name, noise(index))
    manifest = load(ImageFolder(root=root, height=8, width=8, test_fraction=0)).manifest
    assert dict(zip(manifest.files, manifest.is_test, strict=True)) == {
        "cover.png": False,
        "test/cat/2.png": True,
        "train/cat/1.png": False,
    }


def test_a_train_folder_alone_is_no_split(root):
    for index in range(40):
        put(root, f"train/{'cat' if index % 2 else 'dog'}/{index}.png", noise(index))
    pictures = load(ImageFolder(root=root, height=8, width=8, test_fraction=0.5))
    assert pictures.factors[0].classes == ("cat", "dog")
    assert 8 <= len(pictures.test) <= 32


def test_without_labels_there_are_no_factors(root):
    put(root, "cat/1.png", noise(0))
    put(root, "dog/2.png", noise(1))
    pictures = load(ImageFolder(root=root, height=8, width=8, labels="none"))
    assert pictures.factors == ()
    assert pictures.labels.shape == (2, 0)


def test_a_factor_with_one_class_is_allowed_with_a_note(root, capsys):
    put(root, "cat/1.png", noise(0))
    pictures = load(ImageFolder(root=root, height=8, width=8))
    assert pictures.factors[0].classes == ("cat",)
    assert "only one class" in " ".join(capsys.readouterr().out.split())


# --- split ---------------------------------------------------------------------------------------------------------


def test_the_split_of_a_picture_is_the_same_when_others_are_added_or_it_is_renamed(root):
    for index in range(60):
        put(root, f"{index:02d}.png", noise(index))
    before = load(ImageFolder(root=root, height=8, width=8, labels="none", test_fraction=0.3)).manifest
    assert 5 <= sum(before.is_test) <= 35
    (root / "00.png").rename(root / "zz.png")
    for index in range(60, 80):
        put(root, f"new{index}.png", noise(index))
    after = load(ImageFolder(root=root, height=8, width=8, labels="none", test_fraction=0.3)).manifest
    now = dict(zip(after.sha256, after.is_test, strict=True))
    assert len(after.files) == 80
    assert [now[sha256] for sha256 in before.sha256] == before.is_test


def test_a_test_fraction_of_zero_holds_nothing_out(root):
    for index in range(20):
        put(root, f"{index}.png", noise(index))
    assert len(load(ImageFolder(root=root, height=8, width=8, test_fraction=0)).test) == 0
