"""What is logged is read back from where it was logged."""

import json
import struct

import pytest
from laboratory import train_tiny

from ganart.errors import UserError
from ganart.loggers import CSVLogger, WandbLogger


def wandb_records(folder):
    """Read an offline run: LevelDB's log framing (blocks of 32 KiB, records of type full/first/middle/last)."""
    from wandb.proto import wandb_internal_pb2

    (file,) = folder.rglob("*.wandb")
    content, position, parts = file.read_bytes(), 7, []
    while position + 7 <= len(content):
        if (left := 32768 - position % 32768) < 7:
            position += left
            continue
        length, kind = struct.unpack("<HB", content[position + 4 : position + 7])
        parts.append(content[position + 7 : position + 7 + length])
        position += 7 + length
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(b"".join(parts))
            parts = []
            yield record


def test_wandb_offline_holds_config_losses_pictures_and_scores_on_the_axis_of_images(tmp_path):
    run = train_tiny(tmp_path / "run", "logger=[wandb]", "logger.wandb.mode=offline", "callback.scores.every_images=80")
    records = list(wandb_records(run.path))
    config = {item.key or item.nested_key[0]: item.value_json for r in records for item in r.run.config.update}
    config |= {item.key: item.value_json for r in records for item in r.config.update}
    assert json.loads(config["total_images"]) == 160
    assert json.loads(config["loss"])["_target_"].endswith("Relativistic")
    history = [
        {item.key or item.nested_key[0]: json.loads(item.value_json) for item in r.history.item}
        for r in records
        if r.HasField("history")
    ]
    for kind, at in (("trend", {80, 160}), ("scores", {160})):
        assert {row["images_seen"] for row in history if f"{kind}/fd_classifier" in row} == at
    assert all("images_seen" in row for row in history)
    names = {name for row in history for name in row}
    assert {
        "d_real",
        "d_fake",
        "gradient_norm/generator",
        "images_per_second",
        "samples",
        "scores/is_classifier",
    } <= names
    metrics = {r.metric.name or r.metric.glob_name: r.metric for r in records if r.HasField("metric")}
    assert metrics["*"].step_metric == "images_seen"
    for kind in ("trend", "scores"):
        assert metrics[f"{kind}/fd_classifier"].summary.min
        assert metrics[f"{kind}/is_classifier"].summary.max
    summary = {item.key or item.nested_key[0]: item.value_json for r in records for item in r.summary.update}
    protocol = json.loads(summary["scores/fd_classifier/protocol"])
    assert (protocol["n_fake"], protocol["weights"]) == (100, "average")
    assert any(r.HasField("exit") for r in records)  # finished, so that the next job of a multirun is another run
    assert list(run.path.rglob("media/images/*.png"))


def test_wandb_disabled_leaves_nothing(tmp_path):
    run = train_tiny(tmp_path / "run", "logger=[wandb]", "logger.wandb.mode=disabled", "~callback.scores")
    assert not list(run.path.rglob("*.wandb"))


def test_wandb_online_without_a_key_names_the_three_ways_out(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"wandb login[\s\S]*mode=offline[\s\S]*mode=disabled"):
        WandbLogger(folder=tmp_path)
    with pytest.raises(UserError, match="online, offline, disabled"):
        WandbLogger(folder=tmp_path, mode="ofline")


def test_tensorboard_holds_numbers_and_pictures_by_images_seen(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train_tiny(tmp_path / "run", "logger=[tensorboard]")
    events = EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("discriminator/loss")] == [32, 64, 96, 128, 160]
    assert [event.step for event in events.Images("samples")] == [0, 80, 160]
    assert events.Scalars("scores/fd_classifier")[0].value > 0
    assert (run.path / "metrics.csv").exists()  # always


def test_csv_adds_columns_and_joins_rows_of_one_moment(tmp_path):
    logger = CSVLogger(folder=tmp_path)
    logger.log_metrics({"a": 1.0}, step=10)
    logger.log_metrics({"a": 2.0}, step=20)
    logger.log_metrics({"b": 3.0}, step=20)
    assert (tmp_path / "metrics.csv").read_text().split() == ["images_seen,a,b", "10,1.0,", "20,2.0,3.0"]
