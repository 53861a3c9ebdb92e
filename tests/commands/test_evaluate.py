"""`ganart evaluate` as users type it: of runs, of folders, with errors that say what to do."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from laboratory import TINY, small_pictures, train_tiny
from PIL import Image

from ganart.callbacks import Checkpoint, scores
from ganart.metrics import Comparison, Features, FrechetDistance
from ganart.metrics.feature_store import FeatureStore
from ganart.runs.checkpoints import read_checkpoint

QUICK = ("features=classifier", "features.images=2000", "num_images=100", "device=cpu")


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture(scope="module")
def run(lab):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(lab / "cache"))
        return train_tiny(lab / "run", "callback.scores.every_images=48", "callback.scores.trend_images=60")


@pytest.fixture(scope="module")
def folders(lab):
    real = small_pictures(lab / "real", side=12, per_class=30, classes=("calm", "loud"))
    fake = small_pictures(lab / "fake", side=12, per_class=20, classes=("loud", "odd"))
    return real, fake


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def test_a_run_is_scored_by_all_metrics_each_with_its_protocol(ganart, run, tmp_path):
    status, text = ganart("evaluate", f"run={run.path}", *QUICK, f"hydra.run.dir={tmp_path}/out", "truncation=0.8")
    assert status == 0, text
    found = summary(tmp_path / "out")
    names = ["fd", "fd_infinity", "kd", "is", "precision", "recall", "density", "coverage", "mifd"]
    names += ["authenticity", "vendi"]
    assert list(found["scores"]) == [f"{name}_classifier" for name in names]
    for score in found["scores"].values():
        assert np.isfinite(score["value"])
        assert score["floor"] is not None
        assert {
            "n_real",
            "n_fake",
            "split",
            "resize",
            "precision",
            "features",
            "weights_hash",
            "seed",
            "ganart",
        } <= set(score["protocol"])
        assert (score["protocol"]["weights"], score["protocol"]["truncation"]) == ("average", 0.8)
    assert {"style", "subject"} == found["per_label"].keys()
    assert sum(row["n_fake"] for row in found["per_label"]["style"]["rows"]) == 100
    assert found["subject"]["checkpoint"] == "best.ckpt"
    assert "protocol: dataset=procedural_art" in text
    assert "too high" in text  # 100 pictures are few
    assert text.index("kd_classifier") < text.index("fd_classifier")


def test_the_score_in_training_and_the_score_of_the_checkpoint_are_the_same_number(ganart, run, tmp_path):
    trained = summary(run.path)
    arguments = (*QUICK, "checkpoint=last", "metric=[fid,kid,is,precision_recall]", f"hydra.run.dir={tmp_path}/out")
    status, text = ganart("evaluate", f"run={run.path}", *arguments)
    assert status == 0, text
    again = summary(tmp_path / "out")["scores"]
    for name, score in trained["scores"].items():
        assert again[name]["value"] == pytest.approx(score["value"], rel=1e-5), name
        assert again[name]["floor"] == pytest.approx(score["floor"], rel=1e-6), name
    assert trained["per_label"].keys() == {"style", "subject"}


def test_another_seed_is_another_sample_of_generated_pictures(ganart, run, tmp_path):
    """Vendi looks at generated pictures alone. Seed 0 has those that training scores."""
    found = []
    for seed in (0, 0, 1):
        out = tmp_path / f"{len(found)}"
        arguments = (*QUICK, "checkpoint=last", "metric=[vendi]", f"seed={seed}", f"hydra.run.dir={out}")
        status, text = ganart("evaluate", f"run={run.path}", *arguments)
        assert status == 0, text
        found.append(summary(out)["scores"]["vendi_classifier"]["value"])
    assert found[0] == found[1] != found[2]


def test_what_chooses_the_best_checkpoint_are_not_the_latents_that_it_is_scored_on(tmp_path, monkeypatch):
    drawn = []
    plain = scores.latents_of

    def noted(seeds, *arguments, **settings):
        drawn.append(tuple(seeds))
        return plain(seeds, *arguments, **settings)

    monkeypatch.setattr(scores, "latents_of", noted)
    rounds = ("total_images=96", "callback.scores.every_images=48", "callback.scores.trend_images=60")
    train_tiny(tmp_path / "run", *rounds, "~callback.nearest")
    trends = {seeds for seeds in drawn if len(seeds) == 60}
    finals = set(drawn) - trends
    assert len(trends) == 1  # every trend is of the same latents: it compares checkpoints
    assert finals == {tuple(range(100))}
    assert not set(*trends) & set(*finals)


def test_a_weak_classifier_is_told(ganart, run, tmp_path):
    options = ("features=classifier", "features.images=1", "num_images=100", "device=cpu", "metric=[kid]")
    status, text = ganart("evaluate", f"run={run.path}", *options, f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    assert "The classifier recognises style in" in text
    assert "Give it more pictures of each class" in text
    assert "features=inception" in summary(tmp_path / "out")["caveats"][0]


def test_training_scores_the_best_checkpoint_too_where_it_is_not_the_last(tmp_path, monkeypatch):
    plain, trends = Checkpoint.on_trend, []

    def worse_and_worse(self, trainer, gan, view):
        trends.append(gan.images_seen)
        view = replace(view, results=[replace(row, value=float(len(trends))) for row in view.results])
        plain(self, trainer, gan, view)

    monkeypatch.setattr(Checkpoint, "on_trend", worse_and_worse)
    trend = ("callback.scores.every_images=48", "callback.scores.trend_images=60", "total_images=96")
    trend += ("ema.every=1",)
    run = train_tiny(tmp_path / "run", *trend, "~callback.nearest")
    found = summary(run.path)
    assert trends == [48, 96]
    assert read_checkpoint(run.checkpoints / "best.ckpt")["ganart"]["images_seen"] == 48
    assert (found["best"]["images_seen"], found["scored_at_images"]) == (48, 96)
    best, last = (side["scores"]["fd_classifier"] for side in (found["best"], found))
    assert best["protocol"] == last["protocol"]
    assert best["value"] != last["value"]  # of other weights


def test_a_second_evaluation_looks_at_the_generated_pictures_alone(ganart, run, tmp_path, monkeypatch):
    ganart("evaluate", f"run={run.path}", *QUICK, f"hydra.run.dir={tmp_path}/one")
    seen = []
    plain = FeatureStore._see

    def counted(self, pictures, told):
        seen.append(len(pictures))
        return plain(self, pictures, told)

    monkeypatch.setattr(FeatureStore, "_see", counted)
    status, text = ganart("evaluate", f"run={run.path}", *QUICK, f"hydra.run.dir={tmp_path}/two", "checkpoint=last")
    assert status == 0, text
    assert sum(seen) == 100


def test_without_a_folder_it_writes_into_the_run(ganart, run):
    status, text = ganart("evaluate", f"run={run.path}", *QUICK, "metric=[vendi]")
    assert status == 0, text
    assert len(list((run.path / "evaluations").glob("*/summary.json"))) == 1


def test_folders_from_any_tool_are_scored_class_by_class(ganart, folders, tmp_path):
    real, fake = folders
    status, text = ganart("evaluate", f"real={real}", f"fake={fake}", *QUICK, f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    found = summary(tmp_path / "out")
    protocol = found["scores"]["kd_classifier"]["protocol"]
    assert [protocol[key] for key in ("n_real", "n_fake", "n_floor", "split", "size")] == [60, 40, 30, "all", "12×12"]
    rows = {row["class"]: row for row in found["per_label"]["style"]["rows"]}
    assert (rows["calm"]["n_fake"], rows["loud"]["n_fake"]) == (0, 20)
    assert found["scores"]["kd_classifier"]["times_floor"] is None


def test_the_same_folder_on_both_sides_is_at_distance_nothing(ganart, folders, tmp_path):
    real, _ = folders
    status, text = ganart("evaluate", f"real={real}", f"fake={real}", *QUICK, f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    scores = summary(tmp_path / "out")["scores"]
    assert scores["fd_classifier"]["value"] == pytest.approx(0, abs=1e-4)
    assert scores["precision_classifier"]["value"] == scores["coverage_classifier"]["value"] == 1
    assert scores["authenticity_classifier"]["value"] == 0


def test_a_network_of_ones_own_gives_the_features(ganart, folders, tmp_path):
    real, fake = folders
    own = ("features=module", "features.network._target_=torch.nn.Flatten", "features.name=pixels", "metric=[fid]")
    status, text = ganart("evaluate", f"real={real}", f"fake={fake}", *own, f"hydra.run.dir={tmp_path}/o")
    assert status == 0, text
    score = summary(tmp_path / "o")["scores"]["fd_pixels"]
    pixels = [
        np.stack([np.asarray(Image.open(file)).astype(np.float32) / 127.5 - 1 for file in sorted(side.glob("*/*.png"))])
        for side in (real, fake)
    ]
    flat = [side.transpose(0, 3, 1, 2).reshape(len(side), -1) for side in pixels]
    expected = FrechetDistance().compute(
        Comparison(*(Features(torch.from_numpy(x), *[torch.empty(0)] * 3) for x in flat))
    )
    assert score["value"] == pytest.approx(expected[0].value, rel=1e-4)
    assert score["protocol"]["features"] == "torch.nn.modules.flatten.Flatten"


def one_picture(folder, size=(12, 12)):
    folder.mkdir(parents=True)
    Image.new("RGB", size).save(folder / "one.png")
    return folder


def test_mistakes_are_told_with_what_to_do(ganart, run, folders, tmp_path):
    real, _ = folders
    single = one_picture(tmp_path / "single")
    wide = one_picture(tmp_path / "wide", (20, 10))
    (tmp_path / "empty").mkdir()
    (tmp_path / "weights.pth").write_bytes(b"nothing")
    for arguments, expected in (
        ((), "Name a run folder"),
        (("run=a", "real=b", "fake=c"), "Name a run folder"),
        ((f"real={real}",), "two folders"),
        (("run=nowhere",), "run=nowhere does not exist"),
        ((f"run={run.path}", "checkpoint=images_7"), "There: "),
        ((f"real={real}", f"fake={single}"), "needs at least"),
        ((f"real={real}", f"fake={wide}"), "pictures.height=64 pictures.width=64"),
        ((f"real={real}", f"fake={tmp_path}/empty"), f"fake={tmp_path}/empty: it holds no picture"),
        ((f"run={run.path}", "metric=[fdi]"), "Did you mean"),
        (
            (f"run={run.path}", "features=inception", f"features.weights={tmp_path}/weights.pth"),
            "its SHA-256 begins with",
        ),
        ((f"run={run.path}", "dataset.root=x"), "root"),
    ):
        status, text = ganart("evaluate", *arguments, *(QUICK if "features=inception" not in arguments else ()))
        assert status == 1, (arguments, text)
        assert expected in text, (arguments, text)
        assert "Traceback" not in text


def test_a_run_whose_data_are_gone_or_others_is_told(ganart, tmp_path):
    pictures = small_pictures(tmp_path / "pictures", side=8, per_class=20, classes=("calm", "loud"))
    data = ("dataset=image_folder", f"dataset.root={pictures}", "dataset.condition=[]")
    base = tuple(o for o in TINY if not o.startswith("dataset.num_pictures"))
    folder = train_tiny(tmp_path / "run", *data, "~callback.scores", base=base).path
    Image.new("RGB", (8, 8)).save(pictures / "calm" / "new.png")
    status, text = ganart("evaluate", f"run={folder}", *QUICK)
    assert status == 1
    assert "its pictures have changed" in text
    (pictures / "calm" / "new.png").unlink()
    moved = pictures.rename(tmp_path / "moved")
    assert "Say where the pictures are: dataset.root=FOLDER" in ganart("evaluate", f"run={folder}", *QUICK)[1]
    status, text = ganart("evaluate", f"run={folder}", f"dataset.root={moved}", *QUICK, "metric=[fid]")
    assert status == 0, text


def test_random_state_is_left_alone(ganart, run, tmp_path):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    ganart("evaluate", f"run={run.path}", *QUICK, "metric=[kid,is]", f"hydra.run.dir={tmp_path}/out")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("dataset.height=16", "dataset.height: there is no such key. Did you mean pictures.height?"),
        ("dataset=mnist", "dataset: "),
    ],
)
def test_a_group_that_is_not_chosen_from_is_not_advised(ganart, typed, said):
    status, text = ganart("evaluate", "fake=x", "real=y", typed)
    assert status == 1
    assert said in text
    assert "Type both" not in text
    assert "Did you mean dataset=" not in text
