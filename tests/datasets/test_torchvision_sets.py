import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

import ganart
from ganart.config.build import build_dataset
from ganart.datasets.cache import load
from ganart.errors import UserError

CONF = Path(ganart.__file__).parents[1] / "conf" / "dataset"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "cache"))


def make(name: str, root: Path, **settings):
    """The data set that `conf/dataset/<name>.yaml` names, which must find all its files below `root`."""
    node = OmegaConf.load(CONF / f"{name}.yaml")
    return build_dataset(OmegaConf.merge(node, {"root": str(root), "download": False, **settings}))


def write_idx(path: Path, values: np.ndarray) -> None:
    """The format of the MNIST family: 0, 0, 8 (uint8), the number of dimensions, each big-endian, the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes())


@pytest.fixture
def digits(tmp_path):
    """Twelve train and five test pictures in the files of the MNIST family; label n of the train split is n mod 10."""
    generator = np.random.default_rng(0)
    train = generator.integers(0, 256, (12, 28, 28), dtype=np.uint8)
    test = generator.integers(0, 256, (5, 28, 28), dtype=np.uint8)
    for family in ("MNIST", "FashionMNIST", "KMNIST"):
        raw = tmp_path / "data" / family / "raw"
        write_idx(raw / "train-images-idx3-ubyte", train)
        write_idx(raw / "train-labels-idx1-ubyte", np.arange(12, dtype=np.uint8) % 10)
        write_idx(raw / "t10k-images-idx3-ubyte", test)
        write_idx(raw / "t10k-labels-idx1-ubyte", np.arange(5, dtype=np.uint8) + 5)
    return tmp_path / "data", train, test


@pytest.fixture
def objects(tmp_path, monkeypatch):
    """Five train batches of two pictures and a test batch of three, as CIFAR-10's pickles, with their own checksums."""
    from torchvision.datasets import CIFAR10

    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)

    def write(name: str, content: dict) -> list[str]:
        data = pickle.dumps(content)
        (folder / name).write_bytes(data)
        return [name, hashlib.md5(data).hexdigest()]

    def batch(name: str, labels: list[int]) -> tuple[list[str], np.ndarray]:
        planes = generator.integers(0, 256, (len(labels), 3, 32, 32), dtype=np.uint8)
        return write(name, {"data": planes.reshape(-1, 3072), "labels": labels}), planes.transpose(0, 2, 3, 1)

    train = [batch(f"data_batch_{number}", [number, 0]) for number in range(1, 6)]
    test, test_pixels = batch("test_batch", [7, 8, 9])
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    meta = write("batches.meta", {"label_names": names})
    # The checksums in torchvision are of the published files; these are other pictures, checked in the same way.
    monkeypatch.setattr(CIFAR10, "train_list", [entry for entry, _ in train])
    monkeypatch.setattr(CIFAR10, "test_list", [test])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})
    return tmp_path / "data", np.concatenate([pixels for _, pixels in train]), test_pixels


def test_mnist_keeps_its_pixels_labels_and_official_split(digits):
    root, train, test = digits
    pictures = load(make("mnist", root))
    assert np.array_equal(pictures.images[..., 0], np.concatenate([train, test]))
    assert pictures.labels[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 5, 6, 7, 8, 9]
    assert pictures.manifest.is_test == [False] * 12 + [True] * 5
    assert pictures.manifest.files[0] == "train/00000"
    assert pictures.manifest.files[12] == "test/00000"
    assert pictures.manifest.sha256[0] == hashlib.sha256(train[0].tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "factor", "first", "last"),
    [
        ("mnist", "digit", "0", "9"),
        ("fashion_mnist", "garment", "T-shirt/top", "Ankle boot"),
        ("kmnist", "character", "o", "wo"),
    ],
)
def test_the_mnist_family_has_named_classes(digits, name, factor, first, last):
    dataset = make(name, digits[0], condition=[factor])
    (described,) = dataset.factors()
    assert (dataset.name, described.name, len(described.classes)) == (name, factor, 10)
    assert (described.classes[0], described.classes[-1]) == (first, last)
    assert dataset.condition == (factor,)


def test_cifar10_keeps_its_pixels_labels_and_official_split(objects):
    root, train, test = objects
    pictures = load(make("cifar10", root))
    assert np.array_equal(pictures.images, np.concatenate([train, test]))
    assert pictures.labels[:, 0].tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 7, 8, 9]
    assert len(pictures.test) == 3
    assert pictures.factor("object").classes[3] == "cat"


def test_a_damaged_file_is_refused(objects):
    root, *_ = objects
    with open(root / "cifar-10-batches-py" / "data_batch_3", "ab") as file:
        file.write(b"x")
    with pytest.raises(UserError, match=r"dataset cifar10(.|\n)*corrupted"):
        load(make("cifar10", root))


def test_a_larger_size_puts_a_border_around_the_pixels_as_they_are(digits):
    root, train, _ = digits
    pictures = load(make("mnist", root, height=32, width=34))
    assert pictures.images.shape == (17, 32, 34, 1)
    assert np.array_equal(pictures.images[:12, 2:30, 3:31, 0], train)
    assert pictures.images[0].sum() == train[0].sum()


def test_a_larger_size_with_three_channels_repeats_the_grey_inside_the_border(digits):
    root, train, _ = digits
    pictures = load(make("mnist", root, height=32, width=32, channels=3, background="blue"))
    assert np.array_equal(pictures.images[:12, 2:30, 2:30], np.repeat(train[..., None], 3, axis=3))
    assert pictures.images[0, 0, 0].tolist() == [0, 0, 255]


def test_a_smaller_size_takes_the_mean_of_the_pixels_with_a_box_filter(digits):
    root, train, _ = digits
    pictures = load(make("mnist", root, height=14, width=14, filter="box"))
    means = train.reshape(12, 14, 2, 14, 2).mean(axis=(2, 4))
    assert np.abs(pictures.images[:12, :, :, 0] - means).max() <= 1  # rounded once across and once down


def test_colour_becomes_grey_on_request(objects):
    root, train, _ = objects
    pictures = load(make("cifar10", root, channels=1))
    luma = train @ np.array([0.299, 0.587, 0.114])
    assert np.abs(pictures.images[:10, :, :, 0] - luma).max() <= 1


def test_the_key_follows_the_settings_and_the_files_but_not_left_over_archives(digits):
    root, *_ = digits
    plain = make("mnist", root).key()
    assert make("mnist", root, height=32, width=32).key() != plain
    (root / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").write_bytes(b"left from a download")
    assert make("mnist", root).key() == plain
    with open(root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte", "ab") as file:
        file.write(b"x")
    assert make("mnist", root).key() != plain


def test_missing_files_are_refused_with_what_to_type(tmp_path):
    with pytest.raises(UserError, match=r"dataset mnist.*dataset\.root=FOLDER.*dataset\.download=true"):
        load(make("mnist", tmp_path / "nowhere"))


def test_a_failed_download_is_refused_with_what_to_type(tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    def no_network(self):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(MNIST, "download", no_network)
    with pytest.raises(UserError, match=r"download failed(.|\n)*Error downloading(.|\n)*dataset\.root=FOLDER"):
        load(make("mnist", tmp_path / "nowhere", download=True))


def test_an_unknown_factor_is_refused(digits):
    with pytest.raises(UserError, match="Did you mean digit"):
        make("mnist", digits[0], condition=["digits"])
