"""Pictures that are neither square nor RGB, and very many classes: trained, generated, generated again and scored."""

import json

import numpy as np
import pytest
from laboratory import DCGAN, MLP, TINY, train_tiny
from PIL import Image

from ganart.runs.checkpoints import read_checkpoint

BASE = tuple(item for item in TINY if not item.startswith(("dataset.", "features.images", "callback.scores.num")))
SHORT = (
    "total_images=32",
    "features.images=320",
    "callback.scores.num_images=40",
)


def folder_of(root, *, classes, per_class, mode, size):
    """Noisy pictures of `size` (width, height), each class with its own brightness."""
    for number in range(classes):
        (root / f"class{number:04d}").mkdir(parents=True)
        for index in range(per_class):
            noise = np.random.default_rng([number, index]).integers(0, 80, (*size[::-1], len(mode)))
            pixels = (noise + 150 * number // classes).astype(np.uint8)
            Image.fromarray(pixels.squeeze(), "RGB" if mode == "RGB" else mode).save(
                root / f"class{number:04d}" / f"{index}.png"
            )
    return root


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "width", "height", "players"),
    [("RGBA", 8, 8, DCGAN), ("RGB", 16, 8, DCGAN), ("RGBA", 8, 24, MLP), ("L", 24, 8, DCGAN)],
    ids=["RGBA", "wide", "tall RGBA", "wide grey"],
)
def test_pictures_of_any_shape_go_all_the_way(ganart, tmp_path, mode, width, height, players):
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    root = folder_of(tmp_path / "pictures", classes=2, per_class=30, mode=mode, size=(width, height))
    data = ("dataset=image_folder", f"dataset.root={root}", "dataset.condition=[style]")
    data += (f"dataset.height={height}", f"dataset.width={width}", f"dataset.channels={channels}")
    run = train_tiny(tmp_path / "run", *data, *SHORT, players=players, base=BASE)
    assert run.summary["scores"]["fd_classifier"]["value"] > 0

    out = tmp_path / "out"
    status, text = ganart("generate", f"run={run.path}", "seeds=0-1", "labels.style=all", f"hydra.run.dir={out}")
    assert status == 0, text
    files = sorted(out.glob("seed*.png"))
    assert len(files) == 4
    pictures = []
    for file in files:
        with Image.open(file) as image:
            assert (image.mode, image.size) == (mode, (width, height))
            pictures.append(np.asarray(image))
    assert len({picture.tobytes() for picture in pictures}) == 4
    for file in files[:2]:
        status, text = ganart("regenerate", str(file))
        assert status == 0, text

    quick = (
        "features=classifier",
        "features.images=320",
        "num_images=40",
        "device=cpu",
        "metric=[fid,precision_recall]",
    )
    status, text = ganart("evaluate", f"run={run.path}", *quick, f"hydra.run.dir={tmp_path}/scored", "checkpoint=last")
    assert status == 0, text
    found = json.loads((tmp_path / "scored" / "summary.json").read_text())["scores"]
    assert found["fd_classifier"]["value"] == pytest.approx(run.summary["scores"]["fd_classifier"]["value"], rel=1e-4)
    assert found["fd_classifier"]["protocol"]["size"] == f"{width}×{height}"


@pytest.mark.slow
def test_a_factor_of_a_thousand_classes_is_trained_with_and_scored(tmp_path):
    root = folder_of(tmp_path / "pictures", classes=1000, per_class=1, mode="RGB", size=(8, 8))
    data = ("dataset=image_folder", f"dataset.root={root}", "dataset.condition=[style]", "dataset.test_fraction=0.1")
    data += ("dataset.height=8", "dataset.width=8")
    run = train_tiny(tmp_path / "run", *data, *SHORT, base=BASE)
    weights = read_checkpoint(run.checkpoint("last"))["state_dict"]
    tables = [tensor for name, tensor in weights.items() if "tables.0" in name]
    assert {len(table) for table in tables} == {1000}
    assert sum(table.numel() for table in weights.values()) < 2_000_000  # a table of classes, and not of pairs
    score = run.summary["scores"]["fd_classifier"]
    assert np.isfinite(score["value"])
    rows = run.summary["per_label"]["style"]["rows"]
    assert len(rows) == 1000
    assert sum(row["n_fake"] for row in rows) == 40
