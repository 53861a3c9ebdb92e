"""Digests of code in the keys of caches: changed code is noticed, changed prose is not, and no module is left out."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from ganart.datasets.base import Factor
from ganart.features import Classifier, Module
from ganart.files import sources
from ganart.files.paths import cache_dir
from ganart.files.sources import code_digest, imported_by, modules_of
from ganart.metrics import PrecisionRecall, Scorer
from ganart.originality import Auditor, FeatureSpace, Tones

CODE = '''"""What it is."""

from shop.tools import double
from shop import prices


class Thing:
    """A thing."""

    size = 3
    """How large."""

    def price(self):
        return double(self.size)
'''


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A package of four modules; returns a function that changes one of them and gives the digest of `shop.thing`."""
    folder = tmp_path / "shop"
    folder.mkdir()
    files = {"__init__": "", "thing": CODE, "tools": "def double(x):\n    return 2 * x\n"}
    files |= {"prices": "from . import tax\n", "tax": "RATE = 0.2\n", "unrelated": "X = 1\n"}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop", raising=False)  # that of an earlier test
    assert imported_by("shop.thing", "shop") == {"shop.tools", "shop.prices"}

    def digest(name="thing", old="", new="", *, imports=True):
        file = folder / f"{name}.py"
        text = files[name]
        assert old in text
        file.write_text(text.replace(old, new) if old else text + new)
        code_digest.cache_clear()
        found = code_digest("shop.thing", imports=imports)
        file.write_text(text)
        return found

    yield digest
    code_digest.cache_clear()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "# words\n"),
        ("What it is.", "What it was."),
        ("A thing.", "Anything."),
        ("How large.", "How tall."),
        ("    size = 3", "    # the size\n\n    size = 3  # of it"),
        ("return double(self.size)", "return double(\n            self.size\n        )"),
        ("size = 3", "size = 0x3"),
    ],
)
def test_prose_and_layout_do_not_change_a_digest(shop, old, new):
    assert shop("thing", old, new) == shop()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("thing", "size = 3", "size = 4"),
        ("thing", "double(self.size)", "double(double(self.size))"),
        ("tools", "2 * x", "3 * x"),
        ("tax", "0.2", "0.19"),
    ],
)
def test_code_does_also_that_of_modules_that_are_imported(shop, name, old, new):
    assert shop(name, old, new) != shop()
    assert (shop(name, old, new, imports=False) != shop(imports=False)) is (name == "thing")


def test_nothing_is_imported_to_find_that_out(shop):
    shop()
    assert not {"shop.thing", "shop.tools", "shop.tax"} & sys.modules.keys()


def test_what_is_not_imported_is_no_part_of_it(shop):
    assert shop("unrelated", "X = 1", "X = 2") == shop()


def test_a_module_without_source_counts_by_its_name(shop):
    assert code_digest("nowhere.at.all") != code_digest("nowhere.else")
    assert code_digest("nowhere.at.all", imports=True)
    assert modules_of([nn.Linear(1, 1), Classifier()]) == ("ganart.features.classifier",)


# ------------------------------------------------------------------------------------------------ ganart's own caches


class Colours(nn.Module):
    def forward(self, images):
        return nn.functional.adaptive_avg_pool2d(images, 2).flatten(1)


@pytest.fixture
def pictures(make_pictures):
    """Noise, half of it held out; with labels where a classifier is to learn them."""
    images = np.random.default_rng(0).integers(0, 256, (240, 8, 8, 3), dtype=np.uint8)
    labels, is_test = np.arange(240)[:, None] % 2, np.arange(240) % 2 == 0
    return {
        True: make_pictures(images, labels, factors=[Factor("kind", ("a", "b"))], is_test=is_test),
        False: make_pictures(images, is_test=is_test),
    }


def score(pictures):
    network = Module(network=Colours(), name="colours")
    Scorer(network, {"pr": PrecisionRecall()}, num_images=100).prepare(pictures[False], torch.device("cpu"))


def learn(pictures):
    Classifier(images=32, batch_size=16).prepare(pictures[True], torch.device("cpu"))


def audit(pictures):
    features = Module(network=Colours(), name="colours")
    features.prepare(pictures[False], torch.device("cpu"))
    Auditor([Tones(), FeatureSpace(features, torch.device("cpu"))]).prepare(pictures[False])


CACHES = {
    "floors": (score, "features/*.floor.json"),
    "features": (score, "features/*.npz"),
    "classifiers": (learn, "classifiers/*.pt"),
    "audits": (audit, "originality/*.npy"),
}


def cached_by(cache, pictures):
    """The names of the files that there are after `cache` has been filled, which are hashes of keys."""
    fill, pattern = CACHES[cache]
    code_digest.cache_clear()
    fill(pictures)
    return {file.name for file in cache_dir().glob(pattern)}


@pytest.fixture
def add(monkeypatch):
    """Add a line to the source of a module, as far as digests know."""
    plain = sources._source

    def add(module, line):
        monkeypatch.setattr(sources, "_source", lambda name: plain(name) + (f"\n{line}\n" if name == module else ""))

    yield add
    code_digest.cache_clear()


@pytest.mark.parametrize(
    ("cache", "module", "files"),
    [
        ("floors", "ganart.metrics.scorer", 1),
        ("floors", "ganart.metrics.precision_recall", 1),
        ("floors", "ganart.metrics.neighbours", 1),
        ("floors", "ganart.seeds", 1),
        ("features", "ganart.metrics.feature_store", 2),
        ("features", "ganart.features.base", 2),
        ("features", "ganart.features.module", 2),
        ("features", "ganart.images", 2),
        ("features", Colours.__module__, 2),
        ("classifiers", "ganart.features.classifier", 1),
        ("classifiers", "ganart.seeds", 1),
        ("classifiers", "ganart.images", 1),
        ("audits", "ganart.originality.search", 2),
        ("audits", "ganart.originality.spaces", 2),
        ("audits", "ganart.colours", 3),
        ("audits", "ganart.features.base", 2),
    ],
)
def test_what_changed_code_would_make_is_made_anew(pictures, add, cache, module, files):
    before = cached_by(cache, pictures)
    add(module, "# words")
    assert cached_by(cache, pictures) == before
    add(module, "CHANGED = True")
    assert len(cached_by(cache, pictures) - before) == files


def test_no_module_that_computes_is_missing_from_the_keys(pictures, monkeypatch):
    asked = []

    def recorded(*modules, imports=False):
        asked.append(sources._with_imports(modules) if imports else modules)
        return code_digest(*modules, imports=imports)

    for place in ("metrics.scorer", "features.base", "originality.auditor"):
        monkeypatch.setattr(f"ganart.{place}.code_digest", recorded)
    for fill, _ in CACHES.values():
        fill(pictures)
    assert len(asked) > 5
    for modules in asked:
        ours = [name for name in modules if name.startswith("ganart.")]
        assert set().union(*(imported_by(name, "ganart") for name in ours)) - set(modules) - EXEMPT.keys() == set()


EXEMPT = {
    "ganart.console": "shows how far it is",
    "ganart.errors": "words",
    "ganart.datasets.base": "what pictures are: their hash is in every key",
    "ganart.datasets.survey": "chooses held-out images, whose positions are in the key",
    "ganart.datasets.survey.duplicates": "chooses held-out images, whose positions are in the key",
    "ganart.features": "only exports",
    "ganart.features.base": "in the keys of the features, which are in those of floors and distances",
    "ganart.features.classifier": "in the keys of the features, which are in those of floors",
    "ganart.files.json_files": "a form on the disk",
    "ganart.files.sources": "makes keys",
    "ganart.files.store": "finds files",
    "ganart.machine.hardware": "which machine, not what",
    "ganart.metrics.base": "of features only their form",
    "ganart.weights": "reads files, whose hash is in the key",
}
